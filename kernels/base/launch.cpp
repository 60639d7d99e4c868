#include "kernels/base/launch.h"

namespace sumi::kernels {

void check_launch(const char* kernel) {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess)
    fail(kernel, std::string("CUDA: ") + cudaGetErrorString(error) +
                     "; the device's work up to here is lost: start again from the last checkpoint");
}

void read_back(const char* kernel, const Exec& exec, void* host, const void* device, std::size_t bytes) {
  (void)cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, exec.stream);
  (void)cudaStreamSynchronize(exec.stream);
  check_launch(kernel);  // either of them leaves its error there
}

}  // namespace sumi::kernels
