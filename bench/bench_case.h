// What sumi-bench measures: one operation on one problem, with its operands and what its results must be.
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
  // The type that is measured; f32 where that is bf16, as statistics and parameters of norms are; the other one of f32 and
  // bf16; or bytes: `fill` is then all of their values, and the view's own type means nothing.
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
// The values of all operands before the kernel runs, in the order of Work::args, rounded to the type that is measured.
using Values = std::vector<std::vector<float>>;

struct Work {
  std::string op = {};       // "conv": what it is asked for by
  std::string part = {};     // "fprop"; may be empty
  std::string problem = {};  // "n8h56w56c128k256r3s3u1p1"
  std::string layer = {};    // "dcgan64 d2": whose it is; empty for the user's own
  std::vector<Arg> args = {};
  std::function<void(const Exec&, const Views&)> run = {};
  // What element `at` of the only output must be, in f64. Absent: kernels::ref computes every output in f64, which is
  // cheap for what moves memory.
  std::function<double(const Values&, std::int64_t at)> expect = {};
  double flop = 0;     // 0: bound by memory
  double numbers = 0;  // that an ideal kernel reads and writes; 0: each operand once
  double scale = 0;    // an error is relative to the results' root mean square or, where larger, to this
  std::function<void(const Exec&, const Views&)> peer = {};  // a library's; empty where there is none
  const char* peer_name = "";
  const char* no_peer = "cuDNN and cuBLAS have no such operation";  // why `peer` is empty on a GPU
  bool f32_only = false;
  // Of the CUDA backend; empty where it has one kernel.
  std::function<std::vector<kernels::cuda::VariantInfo>(DType, MatmulPrecision)> variants = {};
  kernels::ConvDirection direction = kernels::ConvDirection::fprop;  // of convolutions
  kernels::ConvGeom geom = {};

  bool by_memory() const { return flop == 0; }
  bool is_conv() const { return geom.n > 0; }
  // That an ideal kernel reads and writes.
  double bytes(DType dtype) const {
    double all = numbers * static_cast<double>(size_of(dtype));
    if (numbers == 0)
      for (const Arg& a : args)
        all += static_cast<double>(a.bytes(dtype)) * (a.role == Arg::Role::in_out ? 2 : 1);
    return all;
  }
  // "conv/fprop/n8h56w56c128k256r3s3u1p1": its part of a benchmark's name.
  std::string str() const { return op + (part.empty() ? "" : "/" + part) + "/" + problem; }
};

// What is asked for.
struct Wanted {
  std::vector<std::string> ops = {};       // names of operations
  std::vector<std::string> problems = {};  // in the operation's text form; empty: the layers of `nets`
  std::vector<std::string> nets = {};      // empty: all
  std::vector<std::string> parts = {};     // empty: all
  std::int64_t batch = 0;                  // of the nets' layers; 0: their own
  bool small = false;                      // tensors of what moves memory are small: they are emulated
};

// An operation that can be asked for: its name, the parts it has, the text form of its problems, and what it is.
struct OpInfo {
  const char* name;
  const char* parts;    // "fprop,dgrad,wgrad"
  const char* problem;  // an example
  const char* what;
  std::vector<Work> (*works)(const Wanted&, const OpInfo&);
};
const std::vector<OpInfo>& operations();
const std::vector<std::string>& net_names();

// All the work, in the order of `ops`. Throws Error for names and problems that are none.
std::vector<Work> works_of(const Wanted& wanted);

// ---- what the files of operations give ----
std::vector<Work> conv_cases(const Wanted&, const OpInfo&);
std::vector<Work> dense_cases(const Wanted&, const OpInfo&);
std::vector<Work> norm_cases(const Wanted&, const OpInfo&);
std::vector<Work> memory_works(const Wanted&, const OpInfo&);
// What names an operation in memory_works, with its parts.
std::vector<OpInfo> memory_operations();

// Layers of the nets: the text form of what operation `op` does in them.
struct Layer {
  std::string net, name, problem;
};
// op: conv, conv_transpose, dense, or anything else for the shapes of activations.
std::vector<Layer> layers_of(const std::string& op, const Wanted& wanted);
// The problems to measure: the user's own, else the layers'.
std::vector<Layer> problems_of(const std::string& op, const Wanted& wanted);
bool wants_part(const Wanted& wanted, const std::string& part);
// "16x64x64x3"; throws Error.
Shape parse_shape(const std::string& where, const std::string& text);

inline bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace sumi::bench
