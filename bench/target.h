// Where bench_kernels measures: the CPU, a CUDA device, or the emulation of one. Memory, an Exec and a clock.
#pragma once

#include <cuda_runtime.h>
#include <omp.h>

#include <cstring>
#include <string>
#include <vector>

#include "bench/clock.h"
#include "kernels/base/launch.h"
#include "kernels/build.h"

namespace sumi::bench {

class Target {
 public:
  // "cpu", "cuda" or "emu"; throws Error when this build or machine has none. The CPU computes on one thread.
  explicit Target(const std::string& name)
      : device_{name == "cpu" ? Device::Kind::cpu : Device::Kind::cuda, 0},
        memory_(name == "cpu" ? Scratch::host() : kernels::device_memory()),
        scratch_(memory_) {
    if (name != "cpu" && name != (kernels::cuda_is_emulated() ? "emu" : "cuda"))
      fail("device",
           "this build has no '" + name + "'; use cpu or " + (kernels::cuda_is_emulated() ? "emu" : "cuda"));
    omp_set_num_threads(1);
    if (!on_host()) SUMI_CUDA_CALL(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  const Device& device() const { return device_; }
  bool on_host() const { return device_.on_host(); }
  bool emulated() const { return !on_host() && kernels::cuda_is_emulated(); }
  Exec exec(KernelLog* log = nullptr) { return {device_, &scratch_, log, stream_}; }
  cudaStream_t stream() const { return stream_; }

  void* allocate(std::size_t bytes) const { return memory_.allocate(bytes); }
  void release(void* data) const { memory_.release(data); }
  void fill(void* to, const void* host, std::size_t bytes) const {
    if (on_host()) {
      std::memcpy(to, host, bytes);
      return;
    }
    SUMI_CUDA_CALL(cudaMemcpy(to, host, bytes, cudaMemcpyHostToDevice));
    SUMI_CUDA_CALL(cudaDeviceSynchronize());  // the stream waits for no other
  }

  // Milliseconds of each of many runs of `run`, about 300 ms in all. On the CPU processor time, so that a busy
  // machine disturbs little. On a device between two events; short runs are timed many at a time, for an event and
  // a launch cost microseconds themselves.
  template <class Run>
  std::vector<double> times(Run&& run) const {
    std::vector<double> times;
    if (on_host()) {
      double total = 0;
      while (times.size() < 7 || (total < 300 && times.size() < 200)) {
        times.push_back(cpu_ms(run));
        total += times.back();
      }
      return times;
    }
    const double once = between_events(run, 1);
    if (emulated()) return {once};  // says nothing about speed
    const int together = once > 1 ? 1 : static_cast<int>(1 / (once + 1e-3)) + 1;
    double total = 0;
    while (times.size() < 7 || (total < 300 && times.size() < 200)) {
      times.push_back(between_events(run, together));
      total += times.back() * together;
    }
    return times;
  }

 private:
  template <class Run>
  double between_events(Run&& run, int count) const {
    cudaEvent_t begin, end;
    SUMI_CUDA_CALL(cudaEventCreate(&begin));
    SUMI_CUDA_CALL(cudaEventCreate(&end));
    SUMI_CUDA_CALL(cudaEventRecord(begin, stream_));
    for (int i = 0; i < count; ++i) run();
    SUMI_CUDA_CALL(cudaEventRecord(end, stream_));
    SUMI_CUDA_CALL(cudaEventSynchronize(end));
    float ms = 0;
    SUMI_CUDA_CALL(cudaEventElapsedTime(&ms, begin, end));
    SUMI_CUDA_CALL(cudaEventDestroy(begin));
    SUMI_CUDA_CALL(cudaEventDestroy(end));
    return static_cast<double>(ms) / count;
  }

  Device device_;
  Scratch::Memory memory_;
  Scratch scratch_;
  cudaStream_t stream_ = nullptr;
};

// One f32 operand of random values in [-1, 1).
class Operand {
 public:
  Operand(const Target& target, const Shape& shape, unsigned seed) : target_(target), shape_(shape) {
    std::vector<float> values(static_cast<std::size_t>(shape.count()));
    for (float& v : values) {
      seed = seed * 1664525U + 1013904223U;
      v = static_cast<float>(seed >> 8) / 8388608.0F - 1.0F;
    }
    data_ = target.allocate(values.size() * sizeof(float));
    target.fill(data_, values.data(), values.size() * sizeof(float));
  }
  ~Operand() { target_.release(data_); }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;
  MutView view() const { return view_of(shape_); }
  // Its first numbers, as many as `shape` has.
  MutView view_of(const Shape& shape) const { return {data_, DType::f32, shape, target_.device()}; }

 private:
  const Target& target_;
  Shape shape_;
  void* data_ = nullptr;
};

}  // namespace sumi::bench
