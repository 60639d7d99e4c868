// Registers, shared memory and occupancy of the CUDA kernels, as reported by nvcc.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "bench/roofline.h"

namespace sumi::bench {

struct KernelResources {
  std::string name;                            // "conv_fprop_naive<float>"
  int registers = 0, shared = 0, spilled = 0;  // in bytes, except registers
};
// Parses the output of `nvcc --resource-usage`.
std::vector<KernelResources> parse_resources(const std::string& text);
// The fraction of a multiprocessor's threads that can be resident at once, in blocks of `threads`.
double occupancy(const KernelResources& kernel, int threads, int capability);

// Compiles the sources of the operations for `gpu` and prints their kernels. Throws Error without
// nvcc or the sources.
void print_resources(const std::vector<std::string>& ops, const Gpu& gpu, std::ostream& out);

}  // namespace sumi::bench
