// The operands of a case on a device, in several copies, so that a kernel finds none of them in a
// cache; and the comparison of its results with the definition.
#pragma once

#include <memory>

#include "bench/bench_case.h"
#include "bench/bench_device.h"

namespace sumi::bench {

// Initial values of all operands: random values from a fixed seed, rounded to `dtype`.
Values values_of(const BenchCase& bench_case, DType dtype);

class Operands {
 public:
  // Allocates `sets` copies of the operands and fills them with these values.
  Operands(const BenchDevice& target, const BenchCase& bench_case, DType dtype, const Values& values,
           int sets);
  ~Operands();
  Operands(const Operands&) = delete;
  Operands& operator=(const Operands&) = delete;

  const Views& set(int i) const { return sets_[static_cast<std::size_t>(i) % sets_.size()]; }
  int sets() const { return static_cast<int>(sets_.size()); }

 private:
  const BenchDevice& target_;
  std::vector<Views> sets_;
};

// Bytes of one set.
std::size_t bytes_of(const BenchCase& bench_case, DType dtype);

// Expected values of the outputs at sampled positions.
struct Expected {
  struct Sample {
    std::size_t arg;
    std::int64_t at;
    double value;
  };
  std::vector<Sample> samples;
  // Per operand: the value that errors are relative to.
  std::vector<double> scale;
};
// Computes `samples` positions of each output (all, if it has fewer), by BenchCase::expect or by
// kernels::ref in f64.
Expected expected_of(const BenchCase& bench_case, const Values& values, std::int64_t samples = 1024);

// The largest |got - want| over the samples, relative to the output's scale; infinity if a result
// is NaN. `dtype`: the measured type.
double worst_error(const BenchDevice& target, const BenchCase& bench_case, DType dtype,
                   const Expected& expected, const Views& views);

}  // namespace sumi::bench
