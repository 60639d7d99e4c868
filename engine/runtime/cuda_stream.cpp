#include "engine/runtime/cuda_stream.h"

#include <map>
#include <mutex>

#include "kernels/base/launch.h"

namespace sumi {
namespace {

cudaStream_t shared_stream(int index) {
  static std::mutex mutex;
  static auto* streams = new std::map<int, cudaStream_t>;
  const std::lock_guard lock(mutex);
  cudaStream_t& stream = (*streams)[index];
  if (!stream) SUMI_CUDA_CALL(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return stream;
}

}  // namespace

CUstream_st* cuda_stream(const Device& device) {
  thread_local int current = -1;
  thread_local cudaStream_t stream = nullptr;
  if (current != device.index) {
    SUMI_CUDA_CALL(cudaSetDevice(device.index));
    stream = shared_stream(device.index);
    current = device.index;
  }
  return stream;
}

}  // namespace sumi
