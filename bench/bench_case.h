// A benchmark case: one operation on one problem, with its operands and expected results.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "kernels/conv.h"
#include "kernels/variants.h"

namespace sumi::bench {

// One operand of a kernel.
struct Arg {
  enum class Role : std::uint8_t { in, out, in_out };
  enum class Fill : std::uint8_t { random, positive, zero };  // uniform in [-1, 1), in [0.5, 1.5)
  // `measured`: the measured type; `wide`: f32 if that is bf16, as for statistics and parameters of
  // norms; `other`: the other one of f32 and bf16; `bytes`: raw bytes, for which `fill` is the
  // value and the view's own type is meaningless.
  enum class Type : std::uint8_t { measured, wide, other, bytes };
  Shape shape;
  Role role = Role::in;
  Fill fill = Fill::random;
  Type type = Type::measured;

  DType dtype(DType measured) const {
    if (type == Type::wide && measured == DType::bf16) return DType::f32;
    if (type != Type::other || measured == DType::f64) return measured;
    return measured == DType::f32 ? DType::bf16 : DType::f32;
  }
  std::size_t bytes(DType measured) const {
    return static_cast<std::size_t>(shape.count()) * (type == Type::bytes ? 1 : size_of(dtype(measured)));
  }
};

constexpr auto kPositive = Arg::Fill::positive;

using Views = std::vector<MutView>;
// The values of all operands before the kernel runs, in the order of BenchCase::args, rounded to
// the measured type.
using Values = std::vector<std::vector<float>>;

struct BenchCase {
  std::string op = {};       // "conv": its name on the command line
  std::string part = {};     // "fprop"; may be empty
  std::string problem = {};  // "n8h56w56c128k256r3s3u1p1"
  std::string layer = {};    // "dcgan64 d2": network and layer; empty for the user's own problems
  std::vector<Arg> args = {};
  std::function<void(const Exec&, const Views&)> run = {};
  // The value of element `at` of the only output, in f64. Absent: kernels::ref computes every
  // output in f64, which is cheap for memory-bound operations.
  std::function<double(const Values&, std::int64_t at)> expect = {};
  double flop = 0;     // 0: memory-bound
  double numbers = 0;  // elements that an ideal kernel reads and writes; 0: each operand once
  // errors are relative to the results' root mean square or, if larger, to this
  double scale = 0;
  // the vendor library's implementation; empty if there is none
  std::function<void(const Exec&, const Views&)> peer = {};
  const char* peer_name = "";
  const char* no_peer = "cuDNN and cuBLAS have no such operation";  // why `peer` is empty on a GPU
  bool f32_only = false;
  // Variants of the CUDA backend; empty if it has one kernel.
  std::function<std::vector<kernels::cuda::VariantInfo>(DType, MatmulPrecision)> variants = {};
  kernels::ConvDirection direction = kernels::ConvDirection::fprop;  // for convolutions
  kernels::ConvGeom geom = {};

  bool by_memory() const { return flop == 0; }
  bool is_conv() const { return geom.n > 0; }
  // The bytes that an ideal kernel reads and writes.
  double bytes(DType dtype) const {
    double all = numbers * static_cast<double>(size_of(dtype));
    if (numbers == 0)
      for (const Arg& a : args)
        all += static_cast<double>(a.bytes(dtype)) * (a.role == Arg::Role::in_out ? 2 : 1);
    return all;
  }
  // "conv/fprop/n8h56w56c128k256r3s3u1p1": the first part of a benchmark's name.
  std::string str() const { return op + (part.empty() ? "" : "/" + part) + "/" + problem; }
};

// Selects the cases.
struct Filter {
  std::vector<std::string> ops = {};  // names of operations
  // as problem strings of the operation; empty: the layers of `nets`
  std::vector<std::string> problems = {};
  std::vector<std::string> nets = {};   // empty: all
  std::vector<std::string> parts = {};  // empty: all
  std::int64_t batch = 0;               // for the networks' layers; 0: their own
  bool small = false;                   // small tensors for memory-bound cases, for the emulation
};

// An operation: its name, its parts, an example problem string, and a description.
struct OpInfo {
  const char* name;
  const char* parts;    // "fprop,dgrad,wgrad"
  const char* problem;  // an example
  const char* what;
  std::vector<BenchCase> (*cases)(const Filter&, const OpInfo&);
};
const std::vector<OpInfo>& operations();
const std::vector<std::string>& net_names();

// All selected cases, in the order of `ops`. Throws Error for unknown names and invalid problems.
std::vector<BenchCase> cases_of(const Filter& filter);

// ---- cases by operation ----
std::vector<BenchCase> conv_cases(const Filter&, const OpInfo&);
std::vector<BenchCase> dense_cases(const Filter&, const OpInfo&);
std::vector<BenchCase> norm_cases(const Filter&, const OpInfo&);
std::vector<BenchCase> film_cases(const Filter&, const OpInfo&);
std::vector<BenchCase> memory_bound_cases(const Filter&, const OpInfo&);
// The operations of memory_bound_cases, with their parts.
std::vector<OpInfo> memory_operations();

// Layers of networks, with their problem strings.
struct Layer {
  std::string net, name, problem;
};
// op: conv, conv_transpose, dense, or anything else for the shapes of activations.
std::vector<Layer> layers_of(const std::string& op, const Filter& filter);
// The problems to measure: the user's own, else the layers'.
std::vector<Layer> problems_of(const std::string& op, const Filter& filter);
bool wants_part(const Filter& filter, const std::string& part);
// Parses "16x64x64x3"; throws Error.
Shape parse_shape(const std::string& where, const std::string& text);

inline bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace sumi::bench
