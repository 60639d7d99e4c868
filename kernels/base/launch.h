// One launch of a kernel, and the check of a CUDA call. The one place that knows how a launch is
// spelled, on a GPU and in the emulation (kernels/emu), which runs the same kernel on the host.
// Included by kernels/cuda, and by the few others that call CUDA.
#pragma once

#include <cuda_runtime.h>

#include <tuple>

#include "kernels/base/exec.h"

namespace sumi::kernels {

// Throws Error when `error` is one, with CUDA's text and the place.
void check_cuda(cudaError_t error, const char* call, const char* file, int line);
#define SUMI_CUDA_CALL(call) ::sumi::kernels::check_cuda(call, #call, __FILE__, __LINE__)

// Scratch memory of the current device.
ScratchAllocator device_memory();

struct LaunchShape {
  dim3 grid, block;
};

// Throws Error with the kernel's name when CUDA reported one, of this launch or of work before it.
void check_launch(const char* kernel);

// The bytes of a kernel's parameters, each at a multiple of its alignment.
template <class... P>
constexpr std::size_t parameter_bytes() {
  std::size_t end = 0;
  ((end = (end + alignof(P) - 1) / alignof(P) * alignof(P) + sizeof(P)), ...);
  return end;
}
// What every driver takes; more needs one of CUDA 12.1 or newer.
inline constexpr std::size_t kMostParameterBytes = 4096;

// kernel(args...) on exec's stream. Arguments are converted to the kernel's parameter types and
// copied. A shape without blocks launches nothing: an empty tensor needs no case of its own.
template <class... P, class... A>
void launch(const Exec& exec, const char* name, void (*kernel)(P...), const LaunchShape& shape, A&&... args) {
  static_assert(parameter_bytes<P...>() <= kMostParameterBytes, "pass a pointer to what is this large");
  if (shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0) return;
  std::tuple<P...> values(static_cast<P>(args)...);
#ifdef SUMI_CUDA
  std::apply(
      [&](P&... value) {
        void* pointers[] = {&value...};
        (void)cudaLaunchKernel(reinterpret_cast<const void*>(kernel), shape.grid, shape.block, pointers, 0,
                               exec.stream);
      },
      values);
#else
  emu::launch(exec.stream, name, shape.grid, shape.block, [kernel, values] { std::apply(kernel, values); });
#endif
  check_launch(name);
}

// Copies `bytes` of device memory to the host and waits for them and for all earlier work of exec's
// stream. `kernel` names the caller in the error. Nothing that a captured step runs may call it.
void read_back(const char* kernel, const Exec& exec, void* host, const void* device, std::size_t bytes);

}  // namespace sumi::kernels
