// Shared parts of the kernel tests: buffers with guard zones, a comparison that rejects NaN, and
// jobs, which run one kernel on any device in any type and compare it with the reference in f64.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/base/exec.h"
#include "tests/support.h"

namespace sumi::test {

inline constexpr Device ref{Device::Kind::ref, 0};
inline constexpr Device cpu{Device::Kind::cpu, 0};
inline constexpr Device cuda{Device::Kind::cuda, 0};  // a GPU, or the emulation of one

// Every device of this machine except ref: cpu, and cuda if a CUDA device can be used.
const std::vector<Device>& computing_devices();
bool has_cuda();
// The same and ref.
const std::vector<Device>& every_device();

// One tensor, filled with NaN, between two guard zones of 0xFF bytes (NaN in every type, so that an
// overrun that is read shows in the result). Under AddressSanitizer the zones are poisoned as well.
// Without a shape: an absent operand.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Shape shape, DType dtype, Device device);
  Buffer(Shape shape, DType dtype, Device device, const std::vector<double>& values)
      : Buffer(shape, dtype, device) {
    set(values);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer();

  View view() const { return mut_; }
  MutView mutable_view() { return mut_; }
  operator View() const { return view(); }
  operator MutView() { return mutable_view(); }

  void set(const std::vector<double>& values);
  std::vector<double> get() const;
  std::vector<std::uint8_t> bits() const;
  // Empty, or which byte outside the tensor was written.
  std::string overrun() const;

 private:
  static constexpr std::size_t zone = 256;

  void swap(Buffer& other) noexcept;
  std::size_t size() const { return static_cast<std::size_t>(mut_.count()) * size_of(mut_.dtype); }
  std::uint8_t* body() const { return static_cast<std::uint8_t*>(mut_.data); }
  void poison(bool on) const;
  // Bytes of the zones and the body, as the host sees them.
  std::vector<std::uint8_t> read(std::ptrdiff_t first, std::size_t count) const;

  MutView mut_;
};

// ---- values ----

// An independent random generator, so that the tests do not rely on the code under test.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
 private:
  std::uint64_t state_;
};
// Integers in [-most, most].
std::vector<double> integers(std::int64_t count, std::uint64_t seed, int most);
// Integers whose sums are exact: in {-1, 0, 1} for bf16, in [-3, 3] for the others.
std::vector<double> integers(std::int64_t count, std::uint64_t seed, DType dtype);
std::vector<double> reals(std::int64_t count, std::uint64_t seed, double lo = -2.0, double hi = 2.0);
std::vector<double> rounded(std::vector<double> values, DType dtype);
double dot(const std::vector<double>& a, const std::vector<double>& b);

// ---- comparison ----

// |got - want| <= rel |want| + scaled max|want|
struct Tol {
  double rel = 0, scaled = 0;
  bool exact() const { return rel == 0 && scaled == 0; }
};
inline constexpr Tol exactly{};
// The rounding error of the type itself: a few units in f32, one rounding of the result in bf16.
Tol rounding(DType dtype);

// Empty if there is none, else the count, the first bad index and the worst: "3 of 40 differ, first
// at 7: ...".
std::string mismatch(const std::vector<double>& got, const std::vector<double>& want, Tol tol);
// Fails the running test with `what` and the mismatch.
void expect_close(const std::string& what, const std::vector<double>& got, const std::vector<double>& want,
                  Tol tol);

// ---- jobs ----

// An Exec with all its resources.
struct Bench {
  Scratch scratch;
  KernelLog log;
  Exec exec;
  explicit Bench(Device device);
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
};

struct Operand {
  Shape shape{0, 0, 0, 0};  // 0x0x0x0: absent
  std::vector<double> values;
  bool wide = false;  // f32 where the job runs in bf16: statistics and parameters of norms
};
using Values = std::vector<std::vector<double>>;
using Ins = std::vector<Buffer>;
using Outs = std::vector<Buffer>;

// One call of one kernel.
struct Job {
  std::string name;
  std::vector<Operand> in;
  std::vector<Shape> out;
  std::function<void(const Exec&, const Ins&, Outs&, Write)> run;
  bool accumulates = false;  // also run with Write::accumulate, onto small integers
  Values initial = {};       // contents of the outputs before the call, for in-place kernels; else NaN
  std::vector<std::size_t> wide_out = {};  // outputs that are f32 where the job runs in bf16
};

struct Result {
  Values values;
  std::vector<std::vector<std::uint8_t>> bits;
  KernelLog log;
};
// Runs the job once; fails the test if a guard zone or an input was written.
Result run(const Job& job, Device device, DType dtype, Write write = Write::overwrite);
// The reference result in f64, from the same inputs rounded to `dtype`.
Values expected(const Job& job, DType dtype, Write write = Write::overwrite);

// The same for a job with one output, and for one with a single value.
std::vector<double> only_output(const Job& job);
double only_number(const Job& job);

// The job restricted to one variant of its kernels.
Job by_variant(const Job& job, const char* variant, MatmulPrecision multiply);

// The largest error of that variant on CUDA against the reference, in units of the largest result.
// One output, f32.
double worst_error(const Job& job, const char* variant, MatmulPrecision multiply);

// Runs the job on every computing device, and on ref in `dtype`, and compares both with `expected`:
// in overwrite mode and, if the job has it, in accumulate mode. An implementation that calls itself
// winograd is not exact on integers; it gets rounding(dtype) if `exactly` is requested.
void check_job(const Job& job, DType dtype, Tol tol);

// Compares the derivative of `value` at x by central differences with `analytic`. All in f64.
void check_gradient(const std::string& what, const std::function<double(const std::vector<double>&)>& value,
                    const std::vector<double>& x, const std::vector<double>& analytic, double tol = 1e-7);

}  // namespace sumi::test
