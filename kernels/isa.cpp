#include "kernels/isa.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

#include "kernels/base/check.h"

namespace sumi::kernels {
namespace {

Isa of_processor() {
#if defined(__x86_64__) && defined(__GNUC__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f")) return Isa::avx512;
  if (avx2) return Isa::avx2;
#endif
  return Isa::baseline;
}

Isa allowed() {
  const char* const value = std::getenv("SUMI_CPU_ISA");
  if (!value || !*value) return Isa::avx512;
  const std::string word = value;
  if (word == "avx512") return Isa::avx512;
  if (word == "avx2") return Isa::avx2;
  if (word == "baseline") return Isa::baseline;
  fail("SUMI_CPU_ISA", "unknown instruction set '" + word + "'; use baseline, avx2 or avx512");
}

std::atomic<Isa>& current() {
  static std::atomic<Isa> isa{std::min(of_processor(), allowed())};
  return isa;
}

}  // namespace

Isa cpu_isa() {
  return current().load(std::memory_order_relaxed);
}

IsaScope::IsaScope(Isa isa) : before_(cpu_isa()) {
  current() = std::min(isa, before_);
}
IsaScope::~IsaScope() {
  current() = before_;
}

}  // namespace sumi::kernels
