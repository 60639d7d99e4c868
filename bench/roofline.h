// The roofline: the shortest time in which a device could do a piece of work, given how fast it moves memory and how fast
// it multiplies (Williams, Waterman and Patterson, "Roofline: an insightful visual performance model", 2009).
#pragma once

#include <string>
#include <vector>

#include "bench/bench_case.h"
#include "bench/bench_device.h"

namespace sumi::bench {

// How numbers are kept and multiplied, under the names of the command line: f32, 3xtf32, tf32, bf16.
struct Precision {
  const char* name;
  DType dtype;
  MatmulPrecision multiply;
  double tolerance;  // of the worst error, relative to the results' root mean square
};
const std::vector<Precision>& precisions();

struct Roofline {
  double bytes = 0;                    // a second, read and written together
  double f32 = 0, tf32 = 0, bf16 = 0;  // operations a second; a multiply-add is two
  double flops(const Precision& p) const;
  // Of `work`: the larger of what its operands and what its products take.
  double seconds(const Work& work, const Precision& p) const;
  // "memory 12.3 GB/s, f32 85 GFLOP/s"
  std::string str() const;
};

// STREAM's "scale", or a copy on a device, of arrays far beyond its caches.
class Stream {
 public:
  explicit Stream(const Target& target);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();
  // Bytes a second, read and written together: of so many passes the fastest (share 0), or the median (0.5).
  double rate(int passes, double share) const;

 private:
  const Target& target_;
  float *from_, *to_;
};

// Measured, in about a second: the fastest of a Stream; multiply-adds on registers; on a GPU mma.sync on registers, for tf32 and bf16 (wgmma, which only Hopper has, is faster).
Roofline measured_roofline(const Target& target);

// A GPU by its figures: what is known without one. Rates are about what a large product reaches for h100, h200 and a100,
// the makers' for the others.
struct Gpu {
  const char* name;
  Roofline roof;
  double l2_bytes;  // a second, from its second-level cache; roughly
  int capability;   // 90 for compute capability 9.0
};
const std::vector<Gpu>& gpus();
const Gpu& gpu_named(const std::string& name);  // throws Error

}  // namespace sumi::bench
