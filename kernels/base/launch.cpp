#include "kernels/base/launch.h"

namespace sumi::kernels {

void check_launch(const char* kernel) {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess)
    fail(kernel, std::string("CUDA: ") + cudaGetErrorString(error) +
                     "; the device's work up to here is lost: start again from the last checkpoint");
}

}  // namespace sumi::kernels
