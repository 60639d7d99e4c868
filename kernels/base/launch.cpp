#include "kernels/base/launch.h"

#include <string>

#include "kernels/base/launch_log.h"

namespace sumi::kernels {
namespace {

thread_local std::vector<LaunchRecord>* recorded = nullptr;

void* take(std::size_t bytes) {
  void* data = nullptr;
  SUMI_CUDA_CALL(cudaMalloc(&data, bytes));
  return data;
}
void give_back(void* data) {
  (void)cudaFree(data);  // at program exit the driver may already be unloaded
}

// The cure for an error that a launch reported.
const char* cure_of(cudaError_t error) {
  if (error == cudaErrorNoKernelImageForDevice)
    return "; this build has no code for this GPU: build with -DCMAKE_CUDA_ARCHITECTURES=native";
  if (error == cudaErrorUnsupportedPtxVersion || error == cudaErrorInsufficientDriver)
    return "; the NVIDIA driver is older than the CUDA toolkit of this build: update it";
  return "; go on from the last checkpoint";
}

}  // namespace

ScratchAllocator device_memory() {
  return {&take, &give_back};
}

void check_cuda(cudaError_t error, const char* call, const char* file, int line) {
  if (error == cudaSuccess) return;
  (void)cudaGetLastError();  // clears the error that is being reported
  const std::string path = file;
  fail("cuda", std::string(cudaGetErrorString(error)) + " (" + cudaGetErrorName(error) + ") from " + call +
                   " at " + path.substr(path.find_last_of('/') + 1) + ":" + std::to_string(line));
}

LaunchLog::LaunchLog(std::vector<LaunchRecord>& launches) {
  recorded = &launches;
}
LaunchLog::~LaunchLog() {
  recorded = nullptr;
}

bool record_launch(const char* kernel, const LaunchShape& shape) {
  if (recorded) recorded->push_back({kernel, std::uint64_t{shape.grid.x} * shape.grid.y * shape.grid.z});
  return recorded;
}

void check_launch(const char* kernel) {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess)
    fail(kernel, std::string("CUDA: ") + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")" +
                     cure_of(error));
}

void read_back(const char* kernel, const Exec& exec, void* host, const void* device, std::size_t bytes) {
  (void)cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, exec.stream);
  (void)cudaStreamSynchronize(exec.stream);
  check_launch(kernel);  // either call leaves its error here
}

}  // namespace sumi::kernels
