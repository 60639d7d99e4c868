// The roofline model: the minimum time of a computation, given a device's memory bandwidth and
// arithmetic throughput (Williams, Waterman and Patterson, "Roofline: an insightful visual
// performance model", 2009).
#pragma once

#include <string>
#include <vector>

#include "bench/bench_case.h"
#include "bench/bench_device.h"

namespace sumi::bench {

// A precision under its command-line name: f32, 3xtf32, tf32, bf16.
struct Precision {
  const char* name;
  DType dtype;
  MatmulPrecision multiply;
  double tolerance;  // of the worst error, relative to the results' root mean square
};
const std::vector<Precision>& precisions();

struct Roofline {
  double bytes = 0;                    // per second, reads and writes together
  double f32 = 0, tf32 = 0, bf16 = 0;  // operations per second; a multiply-add is two
  double flops(const Precision& p) const;
  // The minimum time of a case: the larger of its memory and arithmetic times.
  double seconds(const BenchCase& bench_case, const Precision& p) const;
  // "memory 12.3 GB/s, f32 85 GFLOP/s"
  std::string str() const;
};

// STREAM's "scale", or a device copy, of arrays far larger than caches.
class Stream {
 public:
  explicit Stream(const BenchDevice& target);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();
  // Bytes per second, reads and writes together: the fastest of `passes` (share 0), or the median
  // (0.5).
  double rate(int passes, double share) const;

 private:
  const BenchDevice& target_;
  float *from_, *to_;
};

// Measured, in about a second: the fastest of a Stream; multiply-adds on registers; on a GPU
// mma.sync on registers, for tf32 and bf16 (wgmma, which only Hopper has, is faster).
Roofline measured_roofline(const BenchDevice& target);

// A GPU by its figures: what is known without one. Rates are about what a large product reaches for
// h100, h200 and a100, the makers' for the others.
struct Gpu {
  const char* name;
  Roofline roof;
  double l2_bytes;  // bytes per second from the second-level cache, approximate
  int capability;   // 90 for compute capability 9.0
};
const std::vector<Gpu>& gpus();
const Gpu& gpu_named(const std::string& name);  // throws Error

}  // namespace sumi::bench
