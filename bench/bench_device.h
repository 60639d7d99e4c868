// The device under test: the CPU, a CUDA device, or the emulation of one, with memory, an Exec and
// a clock.
#pragma once

#include <cuda_runtime.h>

#include <string>
#include <vector>

#include "bench/clock.h"
#include "kernels/base/launch.h"
#include "kernels/build.h"

namespace sumi::bench {

class BenchDevice {
 public:
  // "cpu", "cuda" or "emu"; throws Error if this build or machine lacks it. `threads`: of the CPU.
  BenchDevice(const std::string& name, int threads);
  ~BenchDevice();
  BenchDevice(const BenchDevice&) = delete;
  BenchDevice& operator=(const BenchDevice&) = delete;

  // Returns why `name` cannot be used here, or "".
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
  // The size of the last-level cache.
  std::size_t cache_bytes() const;

  void* allocate(std::size_t bytes) const { return memory_.allocate(bytes); }
  void release(void* data) const { memory_.release(data); }
  void fill(void* to, const void* host, std::size_t bytes) const;
  std::vector<std::byte> read(const void* from, std::size_t bytes) const;
  void wait() const;

  // Milliseconds per call of run(i), over `count` calls. On the CPU with one thread this is
  // processor time, which other programs hardly disturb; with more threads, wall-clock time; on a
  // device, the time between two events.
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
  ScratchAllocator memory_;
  Scratch scratch_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace sumi::bench
