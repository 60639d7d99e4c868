// A network's inference pass as a list of operations. It is recorded while the network runs on a
// small image, and can then be executed in tiles (engine/tiled/tiled_run.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "engine/ops.h"

namespace sumi {

// One operation on values [1,h,w,c]. Members that its kind does not name are unused.
struct ProgramOp {
  enum class Kind : std::uint8_t {
    pad,             // pad
    resize,          // resize, factor
    conv,            // weight, bias, conv
    conv_transpose,  // weight, bias, conv, output_padding
    norm,            // gamma, beta, norm; fixed, or the statistics of its input
    unary,           // act, alpha
    add,
    concat,  // along c
    cast,    // dtype
  };
  Kind kind = Kind::add;
  std::vector<std::size_t> inputs = {};  // value 0 is the program's input, value i + 1 the result of op i
  PadGeom pad = {};
  ResizeGeom resize = {};
  std::int64_t factor = 1;  // of height and width
  Tensor weight = {}, bias = {};
  ConvOptions conv = {};
  int output_padding = 0;
  Tensor gamma = {}, beta = {};
  NormOptions norm = {};
  RunningStats fixed = {};  // absent tensors: none
  Unary act = Unary::identity;
  double alpha = 0;
  DType dtype = DType::f32;

  // Returns true if the op needs the statistics of its whole input.
  bool takes_statistics() const { return kind == Kind::norm && !fixed.mean; }
};

struct Program {
  std::vector<ProgramOp> ops;
  std::size_t result = 0;  // a value

  const ProgramOp& maker(std::size_t value) const { return ops.at(value - 1); }
  // The shapes of all values for an input of shape x. Throws Error for sizes that do not fit.
  std::vector<Shape> shapes(const Shape& x) const;
};

// Runs f on x [1,h,w,c] without gradients and returns its operations. Parameters are copied, so
// later changes of the network do not change the program. Throws Error "[tiles] ..." if the result
// depends on x through any other operation.
Program record_program(const std::function<Tensor(const Tensor&)>& f, const Tensor& x);

// The program that this thread records. Ops that programs can hold report to it.
class ProgramRecorder {
 public:
  explicit ProgramRecorder(const Tensor& x);
  ~ProgramRecorder();
  ProgramRecorder(const ProgramRecorder&) = delete;
  ProgramRecorder& operator=(const ProgramRecorder&) = delete;

  // Appends an op if all operands are known values; otherwise `y` stays unknown.
  void add(ProgramOp op, const std::vector<Tensor>& operands, const Tensor& y);
  // As add(), for a fused block with its effective parameters.
  void block(const Tensor& x, const BlockParams& p, const BlockOptions& o, const Tensor& residual,
             const Tensor& y);
  // As add(), for resize2d: recorded if h and w are the same multiple of x's.
  void resized(const Tensor& x, std::int64_t h, std::int64_t w, const ResizeGeom& geom, const PadGeom& pad,
               const Tensor& y);
  Program finish(const Tensor& y) const;

 private:
  bool knows(const Tensor& x) const { return values_.count(x.id()) > 0; }
  std::size_t append(ProgramOp op, std::vector<std::size_t> inputs);
  void name(const Tensor& y, std::size_t value);

  Program program_;
  std::map<const void*, std::size_t> values_;  // by Tensor::id()
  std::vector<Tensor> held_;                   // so that ids stay unique
};

// Stands in an op that reports itself: ops that it calls are parts of it and do not report.
class ProgramScope {
 public:
  ProgramScope();
  ~ProgramScope();
  ProgramScope(const ProgramScope&) = delete;
  ProgramScope& operator=(const ProgramScope&) = delete;
  // Null if nothing is recorded or another scope surrounds this one.
  ProgramRecorder* recorder() const { return recorder_; }

 private:
  ProgramRecorder* recorder_;
};

}  // namespace sumi
