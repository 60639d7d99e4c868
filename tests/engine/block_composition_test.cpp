// The block op against the composition of ops that defines it: values, first and second
// derivatives.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::compare;
using gradcheck::numbers;
using gradcheck::Tensors;
using MapKind = BlockOptions::MapKind;

struct BlockCase {
  std::string name;
  BlockOptions o;
  Shape x, w, y;  // y: before next_pad
};

// Every kind of linear map, with and without norm, with each activation, and padding for the next
// layer.
std::vector<BlockCase> block_cases() {
  const PadGeom none, reflect{PadMode::reflect, 1, 0, 1, 1}, zero{PadMode::zero, 1, 1, 1, 1};
  const ConvOptions down{2, 1, 1, 1, 1, 1, 1};
  std::vector<BlockCase> all;
  for (const Unary act : {Unary::identity, Unary::relu, Unary::leaky_relu, Unary::tanh, Unary::sigmoid})
    for (const int groups : {-1, 0, 1, 2, 4}) {  // -1: no norm
      BlockOptions o;
      o.has_norm = groups >= 0;
      o.norm.groups = std::max(groups, 0);
      o.act = act;
      o.alpha = act == Unary::leaky_relu ? 0.2 : 0;
      const std::string with = fmt::format(", {}, groups {}", kernels::name_of(act), groups);
      o.conv = down;
      o.next_pad = act == Unary::relu ? reflect : act == Unary::tanh ? zero : none;
      all.push_back({"conv" + with, o, {2, 4, 4, 2}, {4, 4, 4, 2}, {2, 2, 2, 4}});
      o.map = MapKind::conv_transpose;
      o.conv = {2, 1, 1, 1, 1, 1, 1};
      o.output_padding = 1;
      all.push_back({"conv_transpose" + with, o, {2, 2, 1, 2}, {2, 3, 3, 4}, {2, 4, 2, 4}});
      o.map = MapKind::dense;
      o.next_pad = none;
      if (groups == 4) continue;  // one value per statistic: constant, no gradient
      all.push_back({"dense" + with, o, Shape::matrix(4, 3), Shape::matrix(4, 3), Shape::matrix(4, 4)});
    }
  return all;
}

// x, w, bias, gamma, beta, residual
Tensors inputs_of(const BlockCase& c) {
  return {numbers(c.x, 1),
          numbers(c.w, 2),
          numbers(Shape::vector(4), 3),
          numbers(Shape::vector(4), 4, 0.5, 1.5),
          numbers(Shape::vector(4), 5),
          numbers(c.y, 6)};
}

BlockParams params_of(const BlockCase& c, const Tensors& t) {
  BlockParams p;
  p.w = t[1];
  p.bias = t[2];
  if (c.o.has_norm) p.gamma = t[3], p.beta = t[4];
  return p;
}

TEST_CASE("block: first and second derivatives against central differences") {
  for (const BlockCase& c : block_cases()) {
    const Tensors in = inputs_of(c);
    gradcheck::check("block " + c.name,
                     [&](const Tensors& t) { return fused_block(t[0], params_of(c, t), c.o, t[5]); }, in,
                     {1e-5, 1e-6});
  }
}

struct BlockRun {
  Tensor y;
  Tensors first, leaf, second;
};

template <class Block>
BlockRun run_block(const Tensors& inputs, Block&& block) {
  BlockRun r;
  const Tensors xs = gradcheck::leaves(inputs);
  Tape tape;
  r.y = block(xs);
  const Tensor dy = numbers(r.y.shape(), 9);
  dy.set_requires_grad(true);
  r.first = tape.grad(r.y, xs, false, dy);
  Tensors all = xs;
  all.push_back(dy);
  r.second = tape.grad(gradcheck::projected_gradient(tape, block, xs, dy), all);
  tape.backward(r.y, 0, dy);
  for (const Tensor& x : xs) r.leaf.push_back(x.grad());
  return r;
}

void compare_runs(const std::string& name, const BlockRun& got, const BlockRun& want) {
  compare(name + ": value", got.y, want.y, 1e-12);
  for (std::size_t i = 0; i < want.first.size(); ++i) {
    compare(fmt::format("{}: gradient {}", name, i), got.first[i], want.first[i], 1e-12);
    compare(fmt::format("{}: leaf gradient {}", name, i), got.leaf[i], want.leaf[i], 1e-12);
  }
  for (std::size_t i = 0; i < want.second.size(); ++i)
    compare(fmt::format("{}: second derivative {}", name, i), got.second[i], want.second[i], 1e-11);
}

TEST_CASE("block: equals its composition with residual, bias, gamma and beta present or absent") {
  for (const BlockCase& c : block_cases())
    for (const int parts : {0, 1, 2, 3, 4, 7}) {  // bits: bias, gamma and beta, residual
      const Tensors in = inputs_of(c);
      const auto with = [&](auto&& block) {
        return run_block(in, [&](const Tensors& t) {
          BlockParams p = params_of(c, t);
          if (!(parts & 1)) p.bias = {};
          if (!(parts & 2)) p.gamma = p.beta = {};
          return block(t[0], p, c.o, parts & 4 ? t[5] : Tensor());
        });
      };
      compare_runs(fmt::format("block {}, parts {}", c.name, parts), with(fused_block),
                   with(fused_block_composition));
    }
}

TEST_CASE("block: the input may be the residual too") {
  BlockCase c{"conv with itself", {}, {2, 3, 3, 4}, {4, 3, 3, 4}, {2, 3, 3, 4}};
  c.o.conv = ConvOptions::same_pads(1, 1);
  c.o.act = Unary::tanh;
  for (const bool norm : {false, true}) {
    c.o.has_norm = norm;
    const Tensors in = inputs_of(c);
    const auto with = [&](auto&& block) {
      return run_block(in, [&](const Tensors& t) { return block(t[0], params_of(c, t), c.o, t[0]); });
    };
    compare_runs(c.name, with(fused_block), with(fused_block_composition));
  }
}

TEST_CASE("block: running statistics are updated once, and not again by the composition") {
  BlockCase c = block_cases()[0];
  c.o.has_norm = true;
  const Tensors in = inputs_of(c);
  const auto statistics = [&] {
    return RunningStats{Tensor::zeros(Shape::vector(4), DType::f64, gradcheck::ref),
                        Tensor::full(Shape::vector(4), 1, DType::f64, gradcheck::ref), 0.9};
  };
  const RunningStats want = statistics(), got = statistics();
  const auto with = [&](const RunningStats& running, bool training, auto&& block) {
    return run_block(in, [&](const Tensors& t) {
      BlockParams p = params_of(c, t);
      p.running = &running;
      p.training = training;
      return block(t[0], p, c.o, Tensor());
    });
  };
  // `run` applies the block twice: for the value and for projected_gradient.
  const Tensor raw = conv2d(in[0], in[1], in[2], c.o.conv);
  for (int i = 0; i < 2; ++i) normalize(raw, {}, {}, {}, &want, true);
  const BlockRun training = with(got, true, fused_block);
  compare("running mean", got.mean, want.mean, 1e-14);
  compare("running var", got.var, want.var, 1e-14);
  const RunningStats composed = statistics();
  compare_runs("block in training", training, with(composed, true, fused_block_composition));
  compare_runs("block at inference", with(got, false, fused_block),
               with(want, false, fused_block_composition));
  compare("running mean after inference", got.mean, want.mean, 1e-14);
}

TEST_CASE("block: equal bits to the composition without a norm, and on the CPU within f32's rounding") {
  for (const BlockCase& c : block_cases()) {
    const Tensors in = inputs_of(c);
    const auto forward = [&](const Device& device, DType dtype, auto&& block) {
      Tensors t;
      for (const Tensor& x : in) t.push_back(gradcheck::convert(x, dtype, device));
      return block(t[0], params_of(c, t), c.o, t[5]);
    };
    const Tensor y = forward(gradcheck::ref, DType::f64, fused_block);
    if (!c.o.has_norm)
      compare(c.name + ": bits", y, forward(gradcheck::ref, DType::f64, fused_block_composition), 0);
    compare(c.name + ": cpu", forward(gradcheck::tested, DType::f32, fused_block), y, 2e-5);
  }
}

TEST_CASE("block: errors") {
  BlockCase c = block_cases()[0];
  const Tensors in = inputs_of(c);
  c.o.act = Unary::softplus;
  CHECK(gradcheck::error_of([&] { fused_block(in[0], params_of(c, in), c.o); }) ==
        "[block] softplus (alpha 0) is not an activation of blocks");
  c.o.act = Unary::identity;
  const Tensor small = numbers({2, 1, 1, 4}, 1);
  for (const bool norm : {false, true}) {
    c.o.has_norm = norm;
    CHECK(gradcheck::error_of([&] { fused_block(in[0], params_of(c, in), c.o, small); }) ==
          "[block] the residual 2x1x1x4 must have the result's shape 2x2x2x4");
  }
}

}  // namespace
}  // namespace sumi
