// Instruction sets with specialized CPU kernels.
#pragma once

#include <cstdint>

namespace sumi::kernels {

enum class Isa : std::uint8_t { baseline, avx2, avx512 };

// The best instruction set that the processor supports and the environment variable SUMI_CPU_ISA
// (baseline, avx2 or avx512) allows. Throws Error if the variable has any other value.
Isa cpu_isa();

// Limits cpu_isa() to `isa` on every thread while the object lives. For tests and benchmarks.
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
