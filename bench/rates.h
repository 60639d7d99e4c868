// Loops that do nothing but multiply and add, for the roofline. Each returns operations a second.
#pragma once

#include <cstdint>

#include "bench/target.h"

namespace sumi::bench {

// `rounds` times twelve vector multiply-adds on registers, with the widest instructions of this processor; on each of
// OpenMP's threads. Returns the operations done, of all threads.
double cpu_multiply_adds(std::int64_t rounds);

struct GpuRates {
  double f32, tf32, bf16;
};
// On the target's device, which is a GPU.
GpuRates gpu_multiply_adds(const Target& target);

}  // namespace sumi::bench
