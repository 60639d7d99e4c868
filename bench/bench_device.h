// Where sumi-bench measures: the CPU, a CUDA device, or the emulation of one. Memory, an Exec and a clock.
#pragma once

#include <cuda_runtime.h>

#include <string>
#include <vector>

#include "bench/clock.h"
#include "kernels/base/launch.h"
#include "kernels/build.h"

namespace sumi::bench {

class Target {
 public:
  // "cpu", "cuda" or "emu"; throws Error when this build or machine has none. `threads`: of the CPU.
  Target(const std::string& name, int threads);
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  // Whether `name` can be used here; "" or why not.
  static std::string problem(const std::string& name);

  const Device& device() const { return device_; }
  bool on_host() const { return device_.on_host(); }
  bool emulated() const { return !on_host() && kernels::cuda_is_emulated(); }
  int threads() const { return threads_; }
  Exec exec(KernelLog* log = nullptr) {
    return {.device = device_, .scratch = &scratch_, .log = log, .stream = stream_};
  }
  Exec exec_with(Scratch& scratch) const {
    return {.device = device_, .scratch = &scratch, .stream = stream_};
  }
  cudaStream_t stream() const { return stream_; }
  // "AMD EPYC, 1 thread", "NVIDIA H100 80GB HBM3".
  std::string description() const;
  // Of the last cache before memory.
  std::size_t cache_bytes() const;

  void* allocate(std::size_t bytes) const { return memory_.allocate(bytes); }
  void release(void* data) const { memory_.release(data); }
  void fill(void* to, const void* host, std::size_t bytes) const;
  std::vector<std::byte> read(const void* from, std::size_t bytes) const;
  void wait() const;

  // Milliseconds of one of `count` calls of run(i). On the CPU with one thread processor time, so that a busy machine
  // disturbs little, with more threads the time of the clock; on a device between two events.
  template <class Run>
  double ms_each(int count, Run&& run) const {
    const auto all = [&] {
      for (int i = 0; i < count; ++i) run(i);
    };
    if (on_host()) return (threads_ == 1 ? cpu_ms(all) : time_ms(all)) / count;
    return between_events(all) / count;
  }

 private:
  template <class Run>
  double between_events(Run&& run) const {
    SUMI_CUDA_CALL(cudaEventRecord(begin_, stream_));
    run();
    SUMI_CUDA_CALL(cudaEventRecord(end_, stream_));
    SUMI_CUDA_CALL(cudaEventSynchronize(end_));
    float ms = 0;
    SUMI_CUDA_CALL(cudaEventElapsedTime(&ms, begin_, end_));
    return static_cast<double>(ms);
  }

  Device device_;
  int threads_;
  Scratch::Memory memory_;
  Scratch scratch_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace sumi::bench
