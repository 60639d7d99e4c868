// Loops for the roofline: such that do nothing but multiply and add, and one that only moves memory. rates.cpp is compiled with all
// optimizations, unlike the rest of this room.
#pragma once

#include <cstdint>

#include "bench/bench_device.h"

namespace sumi::bench {

// `rounds` times twelve vector multiply-adds on registers, with the widest instructions of this processor; on each of
// OpenMP's threads. Returns the operations done, of all threads.
double cpu_multiply_adds(std::int64_t rounds);

// STREAM's "scale": to[i] = 3 from[i], on OpenMP's threads, which should have touched the same parts first.
void cpu_scale(const float* from, float* to, std::int64_t count);

// Operations a second.
struct GpuRates {
  double f32, tf32, bf16;
};
// On the target's device, which is a GPU.
GpuRates gpu_multiply_adds(const Target& target);

}  // namespace sumi::bench
