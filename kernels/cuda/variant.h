// Variant tables: one per operation, from which the selection, the listing and the errors derive.
#pragma once

#include <string>

#include "kernels/variants.h"

namespace sumi::kernels::cuda {

// One variant. A table lists them slowest first; the first one fits every problem and always pays.
template <class Problem, class Run>
struct Variant {
  const char* name;
  const char* change;
  bool (*fits)(const Problem&);  // returns true if it can compute the problem
  bool (*pays)(const Problem&);  // returns true if it is expected to be faster: the rule
  Run* run;
};

template <class Problem>
bool always(const Problem&) {
  return true;
}

// Returns the last variant that fits and pays.
template <class Problem, class Run, std::size_t count>
const Variant<Problem, Run>& best_variant(const Variant<Problem, Run> (&table)[count],
                                          const Problem& problem) {
  std::size_t i = count - 1;
  while (i > 0 && !(table[i].fits(problem) && table[i].pays(problem))) --i;
  return table[i];
}

template <class Problem, class Run, std::size_t count>
std::vector<VariantInfo> list_variants(const Variant<Problem, Run> (&table)[count], const Problem& problem) {
  std::vector<VariantInfo> list;
  const auto& best = best_variant(table, problem);
  for (const auto& v : table) list.push_back({v.name, v.change, v.fits(problem), &v == &best});
  return list;
}

// Returns the variant named by Exec::variant, or the best one. Throws Error if no variant of that
// name fits.
template <class Problem, class Run, std::size_t count>
const Variant<Problem, Run>& choose_variant(const char* operation, const Exec& e,
                                            const Variant<Problem, Run> (&table)[count],
                                            const Problem& problem) {
  if (!e.variant) return best_variant(table, problem);
  const std::string wanted = e.variant;
  bool exists = false;
  std::string fitting;
  for (const auto& v : table) {
    const bool fits = v.fits(problem);
    if (v.name == wanted && fits) return v;
    exists = exists || v.name == wanted;
    if (fits) fitting += (fitting.empty() ? "" : ", ") + std::string(v.name);
  }
  fail(operation, (exists ? "the variant '" + wanted + "' does not fit this problem"
                          : "there is no variant '" + wanted + "'") +
                      "; those that fit: " + fitting);
}

// A convolution as its variants see it.
struct ConvProblem {
  ConvGeom geom;
  DType dtype;
  MatmulPrecision multiply;
};
struct GemmProblem {
  GemmGeom geom;
  DType dtype;
  MatmulPrecision multiply;  // never automatic
};
// aligned, here and below: the addresses of all operands are multiples of 16 bytes.
struct NormProblem {
  NormGeom geom;
  DType dtype;
  bool aligned;
};
struct UnaryProblem {
  std::int64_t count;
  DType dtype;
  bool aligned;
};

// Logs a call that may use tensor cores: "cuda naive", or with the precision, "cuda mma tf32".
inline void ran(const Exec& e, const std::string& variant, DType dtype, MatmulPrecision multiply) {
  if (!e.log) return;
  const char* how = dtype == DType::bf16 ? " bf16" : multiply == MatmulPrecision::tf32 ? " tf32" : " 3xtf32";
  e.log->push_back("cuda " + variant + (variant == "mma" ? how : ""));
}

inline bool are_aligned(std::initializer_list<View> views) {
  for (const View& v : views)
    if (reinterpret_cast<std::uintptr_t>(v.data) % 16 != 0) return false;
  return true;
}

}  // namespace sumi::kernels::cuda
