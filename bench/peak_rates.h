// Loops that measure the roofline: multiply-adds in registers, and a memory copy. peak_rates.cpp is
// compiled with all optimizations, unlike the rest of this directory.
#pragma once

#include <cstdint>

#include "bench/bench_device.h"

namespace sumi::bench {

// Runs `rounds` times twelve vector multiply-adds on registers, with the widest instructions of
// this processor, on each OpenMP thread. Returns the number of operations of all threads.
double cpu_multiply_adds(std::int64_t rounds);

// STREAM's "scale": to[i] = 3 from[i], on OpenMP's threads, which should have touched the same
// parts first.
void cpu_scale(const float* from, float* to, std::int64_t count);

// Operations per second.
struct GpuRates {
  double f32, tf32, bf16;
};
// On the device, which must be a GPU.
GpuRates gpu_multiply_adds(const BenchDevice& target);

}  // namespace sumi::bench
