// Kernel launches and checks of CUDA calls. Only this file knows the launch syntax, of a GPU and of
// the emulation (kernels/emu), which runs the same kernels on the host. Used by kernels/cuda and by
// the few other files that call CUDA.
#pragma once

#include <cuda_runtime.h>

#include <tuple>

#include "kernels/base/exec.h"

namespace sumi::kernels {

// Throws Error with CUDA's message and the source location if `error` is not cudaSuccess.
void check_cuda(cudaError_t error, const char* call, const char* file, int line);
#define SUMI_CUDA_CALL(call) ::sumi::kernels::check_cuda(call, #call, __FILE__, __LINE__)

// Scratch memory of the current device.
ScratchAllocator device_memory();

struct LaunchShape {
  dim3 grid, block;
};

// Returns true if this thread records launches (kernels/base/launch_log.h), and records this one.
bool record_launch(const char* kernel, const LaunchShape& shape);

// Throws Error naming the kernel if CUDA reported an error, of this launch or of earlier work.
void check_launch(const char* kernel);

// The size in bytes of a kernel's parameters, each aligned to its own alignment.
template <class... P>
constexpr std::size_t parameter_bytes() {
  std::size_t end = 0;
  ((end = (end + alignof(P) - 1) / alignof(P) * alignof(P) + sizeof(P)), ...);
  return end;
}
// The limit that every driver accepts; larger parameter lists need CUDA 12.1 or newer.
inline constexpr std::size_t kMostParameterBytes = 4096;

// Runs kernel(args...) on exec's stream. Arguments are converted to the kernel's parameter types
// and copied. A grid without blocks launches nothing, so empty tensors need no special case.
template <class... P, class... A>
void launch(const Exec& exec, const char* name, void (*kernel)(P...), const LaunchShape& shape, A&&... args) {
  static_assert(parameter_bytes<P...>() <= kMostParameterBytes, "pass a pointer to what is this large");
  if (shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0) return;
  if (record_launch(name, shape)) return;
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
  emu::launch(
      exec.stream, name, shape.grid, shape.block, [kernel, values] { std::apply(kernel, values); },
      emu::Arguments(kernel, values));
#endif
  check_launch(name);
}

// Copies `bytes` of device memory to the host, after waiting for all earlier work of exec's stream.
// `kernel` names the caller in the error. Not allowed in a captured step.
void read_back(const char* kernel, const Exec& exec, void* host, const void* device, std::size_t bytes);

}  // namespace sumi::kernels
