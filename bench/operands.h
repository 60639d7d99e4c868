// A work's operands on a device, several sets of them, so that a kernel finds none of them in a cache; and the check of
// what a kernel made against the definition.
#pragma once

#include <memory>

#include "bench/bench_case.h"
#include "bench/bench_device.h"

namespace sumi::bench {

// Initial values of all operands, random numbers of a fixed seed rounded to `dtype`.
Values values_of(const Work& work, DType dtype);

class Operands {
 public:
  // `sets` copies of the operands, each in memory of its own, with these values.
  Operands(const Target& target, const Work& work, DType dtype, const Values& values, int sets);
  ~Operands();
  Operands(const Operands&) = delete;
  Operands& operator=(const Operands&) = delete;

  const Views& set(int i) const { return sets_[static_cast<std::size_t>(i) % sets_.size()]; }
  int sets() const { return static_cast<int>(sets_.size()); }

 private:
  const Target& target_;
  std::vector<Views> sets_;
};

// Bytes of one set.
std::size_t bytes_of(const Work& work, DType dtype);

// What outputs must be at sampled places.
struct Expected {
  struct Sample {
    std::size_t arg;
    std::int64_t at;
    double value;
  };
  std::vector<Sample> samples;
  // Of each operand: what an error is relative to.
  std::vector<double> scale;
};
// `samples` places of each output (all, where it has fewer), by Work::expect or by kernels::ref in f64.
Expected expected_of(const Work& work, const Values& values, std::int64_t samples = 1024);

// The largest |got - want| over the samples, relative to the output's scale; infinity where something is not a number.
// `dtype`: what is measured.
double worst_error(const Target& target, const Work& work, DType dtype, const Expected& expected,
                   const Views& views);

}  // namespace sumi::bench
