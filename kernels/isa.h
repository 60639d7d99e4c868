// Instruction sets that the CPU kernels have forms for.
#pragma once

#include <cstdint>

namespace sumi::kernels {

enum class Isa : std::uint8_t { baseline, avx2, avx512 };

// The best that the processor has and the environment variable SUMI_CPU_ISA (baseline, avx2 or
// avx512) allows. Throws Error if that holds another word.
Isa cpu_isa();

// While it lives, cpu_isa() is at most `isa`, on every thread. For tests and benchmarks.
class IsaScope {
 public:
  explicit IsaScope(Isa isa);
  IsaScope(const IsaScope&) = delete;
  IsaScope& operator=(const IsaScope&) = delete;
  ~IsaScope();

 private:
  const Isa before_;
};

}  // namespace sumi::kernels
