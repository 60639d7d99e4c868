// The emulated device, errors, and memory.
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "kernels/emu/heap.h"
#include "kernels/emu/runtime.h"

namespace sumi::emu {
namespace {

thread_local cudaError_t last_error = cudaSuccess;
thread_local std::string detail;
thread_local int device_in_use = 0;

constexpr std::size_t kPinnedAlign = 256;

struct ErrorText {
  cudaError_t code;
  const char *name, *text;
};

constexpr ErrorText kErrors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "an argument is out of range"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "no device takes this grid or block"},
    {cudaErrorInvalidMemcpyDirection, "cudaErrorInvalidMemcpyDirection", "the copy's kind is none"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver", "the driver is too old or missing"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no device"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "no device of this number"},
    {cudaErrorNoKernelImageForDevice, "cudaErrorNoKernelImageForDevice", "no code for this device"},
    {cudaErrorUnsupportedPtxVersion, "cudaErrorUnsupportedPtxVersion", "code that is newer than the driver"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "no such stream, event or graph"},
    {cudaErrorIllegalState, "cudaErrorIllegalState", "the stream's capture is not in the state for this"},
    {cudaErrorNotReady, "cudaErrorNotReady", "not finished yet"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress", "a kernel touched an illegal address"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "a kernel failed"},
    {cudaErrorNotSupported, "cudaErrorNotSupported", "not supported"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "not permitted during a capture"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "an earlier error ended the capture"},
    {cudaErrorStreamCaptureMerge, "cudaErrorStreamCaptureMerge", "would merge two captures"},
    {cudaErrorStreamCaptureUnmatched, "cudaErrorStreamCaptureUnmatched",
     "the capture began in another stream"},
    {cudaErrorStreamCaptureUnjoined, "cudaErrorStreamCaptureUnjoined",
     "a stream that joined the capture was not joined back to where it began"},
    {cudaErrorStreamCaptureIsolation, "cudaErrorStreamCaptureIsolation",
     "a captured stream would wait for work outside of the capture"},
    {cudaErrorStreamCaptureImplicit, "cudaErrorStreamCaptureImplicit",
     "the default stream would wait for a capturing one"},
    {cudaErrorCapturedEvent, "cudaErrorCapturedEvent", "the event was recorded inside of a capture"},
    {cudaErrorStreamCaptureWrongThread, "cudaErrorStreamCaptureWrongThread",
     "the capture began in another thread"},
};

const ErrorText* find_error(cudaError_t error) {
  for (const ErrorText& e : kErrors)
    if (e.code == error) return &e;
  return nullptr;
}

}  // namespace

cudaError_t report(cudaError_t error, std::string why) {
  if (error != cudaSuccess) {
    last_error = error;
    detail = std::move(why);
  }
  return error;
}

const std::string& last_detail() {
  return detail;
}

int current_device() {
  return device_in_use;
}

DevicesScope::DevicesScope(int count) : before_(std::exchange(Runtime::get().devices, count)) {}
DevicesScope::~DevicesScope() {
  Runtime::get().devices = before_;
}

}  // namespace sumi::emu

using namespace sumi::emu;

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError() {
  return last_error;
}

const char* cudaGetErrorName(cudaError_t error) {
  const ErrorText* e = find_error(error);
  return e ? e->name : "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  const ErrorText* e = find_error(error);
  return e ? e->text : "unrecognized error code";
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = Runtime::get().devices;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= Runtime::get().devices) return report(cudaErrorInvalidDevice);
  device_in_use = device;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = device_in_use;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  if (device < 0 || device >= Runtime::get().devices) return report(cudaErrorInvalidDevice);
  *p = {};
  std::strcpy(p->name, "sumi emulated device");
  p->totalGlobalMem = Heap::get().total();
  p->sharedMemPerBlock = 48 << 10;
  p->sharedMemPerBlockOptin = 227 << 10;
  p->sharedMemPerMultiprocessor = 228 << 10;
  p->totalConstMem = 64 << 10;
  p->regsPerBlock = 65536;
  p->warpSize = 32;
  p->maxThreadsPerBlock = p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
  p->maxThreadsDim[2] = 64;
  p->maxGridSize[0] = 0x7FFFFFFF;
  p->maxGridSize[1] = p->maxGridSize[2] = 65535;
  p->major = 9;
  p->multiProcessorCount = 132;
  p->maxThreadsPerMultiProcessor = 2048;
  p->maxBlocksPerMultiProcessor = 32;
  p->l2CacheSize = 50 << 20;
  p->memoryBusWidth = 5120;
  p->concurrentKernels = p->unifiedAddressing = 1;
  p->asyncEngineCount = 3;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp p;
  if (const cudaError_t error = cudaGetDeviceProperties(&p, device)) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = p.maxThreadsPerBlock;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(p.sharedMemPerBlock);
      return cudaSuccess;
    case cudaDevAttrWarpSize:
      *value = p.warpSize;
      return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      *value = p.multiProcessorCount;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      *value = p.major;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      *value = p.minor;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(p.sharedMemPerBlockOptin);
      return cudaSuccess;
  }
  return report(cudaErrorInvalidValue);
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  return cudaDriverGetVersion(version);
}

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (const cudaError_t error = runtime.refuse_if_capturing()) return error;
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  *pointer = Heap::get().allocate(bytes);
  return *pointer
             ? cudaSuccess
             : report(cudaErrorMemoryAllocation, "no room for " + std::to_string(bytes) +
                                                     " bytes of device " + "memory; set SUMI_EMU_MEMORY_MB");
}

// Waits for all work, like the real function.
cudaError_t cudaFree(void* pointer) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (!pointer) return cudaSuccess;
  if (const cudaError_t error = runtime.refuse_if_capturing()) return error;
  const cudaError_t before = runtime.finish_quietly();
  if (!Heap::get().release(pointer))
    return report(cudaErrorInvalidValue, "cudaFree of what is no allocation");
  return before;
}

cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  return cudaHostAlloc(pointer, bytes, 0);
}

cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (const cudaError_t error = runtime.refuse_if_capturing()) return error;
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  *pointer = ::operator new (bytes, std::align_val_t{kPinnedAlign}, std::nothrow);
  if (!*pointer) return report(cudaErrorMemoryAllocation);
  std::memset(*pointer, 0xFF, bytes);
  runtime.pinned.emplace(reinterpret_cast<std::uintptr_t>(*pointer), bytes);
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* pointer) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (!pointer) return cudaSuccess;
  if (const cudaError_t error = runtime.refuse_if_capturing()) return error;
  const cudaError_t before = runtime.finish_quietly();
  if (runtime.pinned.erase(reinterpret_cast<std::uintptr_t>(pointer)) == 0)
    return report(cudaErrorInvalidValue, "cudaFreeHost of what is no pinned allocation");
  ::operator delete (pointer, std::align_val_t{kPinnedAlign});
  return before;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const Lock lock(Runtime::get().mutex);
  *total = Heap::get().total();
  *free = *total - Heap::get().used();
  return cudaSuccess;
}
