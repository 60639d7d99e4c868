// Copies and fills. Programs often get wrong when a copy reads its source: from pageable host
// memory at the call, from pinned memory when the stream reaches it, which is as late as possible
// here.
#include <cstring>

#include "kernels/emu/heap.h"
#include "kernels/emu/runtime.h"

namespace sumi::emu {
namespace {

// Determines the kind of copy from the addresses; cudaSuccess if `kind` agrees and all memory is
// allocated.
cudaError_t check_copy(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind& kind) {
  const Heap& heap = Heap::get();
  const bool to_device = heap.contains(to), from_device = heap.contains(from);
  const cudaMemcpyKind actual = to_device ? (from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice)
                                          : (from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost);
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return report(cudaErrorInvalidMemcpyDirection);
  if (kind != cudaMemcpyDefault && kind != actual)
    return report(cudaErrorInvalidValue, "a copy between other sides than its kind says");
  kind = actual;
  if (to_device && !heap.holds(to, bytes))
    return report(cudaErrorInvalidValue, "a copy of " + std::to_string(bytes) +
                                             " bytes that leaves its device allocation (destination)");
  if (from_device && !heap.holds(from, bytes))
    return report(cudaErrorInvalidValue,
                  "a copy of " + std::to_string(bytes) + " bytes that leaves its device allocation (source)");
  return cudaSuccess;
}

cudaError_t enqueue_copy(CUstream_st* stream, void* to, const void* from, std::size_t bytes,
                         cudaMemcpyKind kind) {
  const bool pageable_source = kind == cudaMemcpyHostToDevice && !Runtime::get().is_pinned(from, bytes);
  if (!pageable_source) return Runtime::get().submit(stream, [=] { std::memmove(to, from, bytes); });
  const std::byte* begin = static_cast<const std::byte*>(from);
  auto staged = std::make_shared<const std::vector<std::byte>>(begin, begin + bytes);
  return Runtime::get().submit(stream, [=] { std::memcpy(to, staged->data(), bytes); });
}

}  // namespace
}  // namespace sumi::emu

using namespace sumi::emu;

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (const cudaError_t error = runtime.refuse_if_implicit()) return error;
  if (const cudaError_t error = runtime.refuse_if_capturing()) return error;
  if (bytes == 0) return cudaSuccess;
  if (const cudaError_t error = check_copy(to, from, bytes, kind)) return error;
  if (const cudaError_t error = enqueue_copy(runtime.default_stream, to, from, bytes, kind)) return error;
  // Between two addresses on the device even this call does not wait.
  if (kind != cudaMemcpyDeviceToDevice) runtime.finish({runtime.default_stream->last});
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t handle) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  if (bytes == 0) return cudaSuccess;
  if (const cudaError_t error = check_copy(to, from, bytes, kind)) return error;
  const bool pageable = (kind == cudaMemcpyHostToDevice && !runtime.is_pinned(from, bytes)) ||
                        (kind == cudaMemcpyDeviceToHost && !runtime.is_pinned(to, bytes)) ||
                        kind == cudaMemcpyHostToHost;
  if (stream->capture && pageable) {
    stream->capture->invalid = true;
    return report(cudaErrorStreamCaptureUnsupported,
                  "a captured copy of pageable host memory; use cudaMallocHost");
  }
  if (const cudaError_t error = enqueue_copy(stream, to, from, bytes, kind)) return error;
  // To pageable memory, and between host addresses, the call returns after the copy.
  if (pageable && kind != cudaMemcpyHostToDevice) runtime.finish({stream->last});
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* pointer, int value, std::size_t bytes, cudaStream_t handle) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  if (bytes == 0) return cudaSuccess;
  if (!Heap::get().holds(pointer, bytes))
    return report(cudaErrorInvalidValue,
                  "a fill of " + std::to_string(bytes) + " bytes that leaves its device allocation");
  return runtime.submit(stream, [=] { std::memset(pointer, value, bytes); });
}

cudaError_t cudaMemset(void* pointer, int value, std::size_t bytes) {
  return cudaMemsetAsync(pointer, value, bytes, nullptr);
}
