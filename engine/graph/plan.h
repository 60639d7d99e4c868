// A network for one size of its input, as a list of steps that call ops of the engine. Lowering
// (lowering.h) makes it from a graph, the passes of fuse.h join its steps, and run() executes it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/ops.h"

namespace sumi::graph {

// One operation on values, which are tensors of known shape. Members that its kind does not name
// are unused.
struct Step {
  enum class Kind : std::uint8_t {
    constant,        // weight
    conv,            // weight, bias, conv; has_norm, norm, gamma, beta; act; residual; pad after it
    conv_transpose,  // the same, output_padding
    norm,            // norm, gamma, beta; statistics of its input
    moments,         // norm, scale: the mean (scale 1) or the variance (scale 2) of its input
    norm_modulate,   // inputs x, gamma, beta [1,1,1,c]: act(gamma norm(x) + beta)
    channel_affine,  // gamma, beta: gamma x + beta; either may be absent
    affine,          // scale, shift
    unary,           // act, alpha
    add,
    sub,
    mul,
    div,
    pad,      // pad
    resize,   // resize, to shape
    concat,   // axis
    slice,    // at, to shape
    place,    // at: zeros of shape around the input
    sum_to,   // scale
    spread,   // repeated to shape
    reshape,  // to shape
    remap,    // element i of the result is element source[i] of the input; on the host
    matmul,   // matrices [rows,1,1,cols], trans_a, trans_b
    batched,  // products of [n,rows,1,cols]
    softmax,  // over channels
  };
  Kind kind = Kind::constant;
  std::vector<int> inputs;  // of steps; the residual comes last
  Shape shape;              // of the result
  Tensor weight, bias, gamma, beta;
  ConvOptions conv;
  int output_padding = 0;
  bool has_norm = false, has_residual = false;
  NormOptions norm;
  Unary act = Unary::identity;
  double alpha = 0;
  PadGeom pad;
  ResizeGeom resize;
  Shape at{0, 0, 0, 0};
  double scale = 1, shift = 0;
  int axis = 0;
  bool trans_a = false, trans_b = false;
  std::shared_ptr<const std::vector<std::uint32_t>> source;
  std::string name;  // of the node it came from, in errors
};

// Step 0 is the input: a constant without a weight.
struct Plan {
  std::vector<Step> steps;
  int result = 0;
  DType dtype = DType::f32;  // of weights and of the input
};

// Number of uses of each step, the result's included.
std::vector<int> use_counts(const Plan& plan);
// Removes steps that the result does not depend on.
void drop_unused(Plan& plan);

// The result for x of step 0's shape. Values of steps are freed after their last use. Ops report to
// a recorded program (engine/tiled/program.h).
Tensor run(const Plan& plan, const Tensor& x);
// One step alone.
Tensor run_step(const Step& step, const std::vector<Tensor>& inputs);

}  // namespace sumi::graph
