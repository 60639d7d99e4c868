// Mixed precision: the cast op, the parameter copy of an arena, and blocks whose input is bf16
// while their parameters are f32.
#include <cmath>

#include "engine/nn.h"
#include "engine/optim.h"
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::compare, gradcheck::convert, gradcheck::numbers, gradcheck::Tensors;
using MapKind = BlockOptions::MapKind;

const std::vector<Device>& devices() {
  static const std::vector<Device> all{gradcheck::ref, gradcheck::tested};
  return all;
}

TEST_CASE("cast: the gradient comes back in the input's dtype, and can be differentiated again") {
  for (const Device& device : devices()) {
    const Tensor x =
        Tensor::from(std::vector<float>{1.0F, 1.00390625F, -2.5F}, Shape::vector(3), DType::f32, device);
    x.set_requires_grad(true);
    Tape tape;
    const Tensor y = cast(x, DType::bf16);
    CHECK(y.dtype() == DType::bf16);
    compare("value", y.to_vector<double>(), {1, 1, -2.5}, 0);
    CHECK(cast(x, DType::f32).id() == x.id());
    CHECK_FALSE(cast(Tensor(), DType::f32));
    // d/dx of y^3 and of (3 y^2)^2 = 9 y^4, with y as rounded.
    const Tensor cube = sum(mul(y, square(y)));
    const Tensor first = tape.grad(cube, {x}, true)[0];
    CHECK(first.dtype() == DType::f32);
    compare("first", first.to_vector<double>(), {3, 3, 18.75}, 0);
    tape.backward(sum(square(first)));
    CHECK(x.grad().dtype() == DType::f32);
    compare("second", x.grad().to_vector<double>(), {36, 36, 36 * -15.625}, 1e-2);
  }
}

// A dense layer without bias in bf16, whose gradients of two passes are summed in f32.
TEST_CASE("cast: gradients of several passes add up in f32, in the arena") {
  for (const Device& device : devices())
    for (const bool keeps : {false, true}) {
      LayerSpec s;
      s.map = MapKind::dense;
      s.in = s.out = 1;
      s.bias = false;
      s.name = "main";
      Sequential net("net");
      net.add(s, DType::f32, device);
      net.set_activations(DType::bf16);
      ParamArena arena({{"net", &net}});
      if (keeps) arena.keep_copy(DType::bf16);
      arena.begin();
      Tape tape;
      const auto pass = [&](float x) {
        tape.backward(sum(net(Tensor::from(std::vector<float>{x}, Shape::matrix(1, 1), DType::f32, device))));
      };
      pass(1);
      pass(0x1p-10F);  // lost in a bf16 sum
      CHECK(arena.slots()[0].grad->grad.item() == 1 + 0x1p-10);
    }
}

// A convolution with an instance norm, whose mean takes the bias away again.
TEST_CASE("block: a bias that the norm cancels has a zero gradient, which counts as written") {
  for (const Device& device : devices())
    for (const DType activations : {DType::f32, DType::bf16}) {
      LayerSpec s;
      s.in = s.out = 4;
      s.kernel = 3;
      s.pad = 1;
      s.norm = LayerSpec::Norm::instance;
      s.act = Unary::relu;
      s.name = "main";
      Sequential net("net");
      net.add(s, DType::f32, device);
      net.set_activations(activations);
      ParamArena arena({{"net", &net}});
      const Tensor x =
          Tensor::from(numbers({2, 5, 5, 4}, 1).to_vector<double>(), {2, 5, 5, 4}, DType::f32, device);
      x.set_requires_grad(true);
      for (const bool twice : {false, true}) {  // with a penalty on the gradient of x
        arena.begin();
        Tape tape;
        const Tensor y = sum(net(x));
        tape.backward(twice ? sum(square(tape.grad(y, {x}, true)[0])) : y);
        for (const auto& slot : arena.slots()) {
          if (!slot.parameter.name.ends_with("bias")) continue;
          if (!twice) CHECK(slot.grad->written);
          for (const double g : slot.grad->grad.to_vector<double>()) CHECK(g == 0);
        }
      }
    }
}

TEST_CASE("arena: the kept copy follows updates, and a stale one is an error") {
  for (const Device& device : devices()) {
    LayerSpec s;
    s.map = MapKind::dense;
    s.in = s.out = 2;
    s.name = "main";
    Sequential net("net");
    net.add(s, DType::f32, device);
    net.set_activations(DType::bf16);
    ParamArena arena({{"net", &net}});
    arena.keep_copy(DType::bf16);
    const Tensor w = net.parameters()[0].value, x = Tensor::full(Shape::matrix(1, 2), 1, DType::f32, device);
    const NoGrad no_grad;
    w.assign(std::vector<double>{1, 2, 3, 4});
    CHECK(gradcheck::error_of([&] { net(x); }) ==
          "[cast] net.main.weight was written since its copy in bf16 was made; call "
          "ParamArena::refresh_copy() after writing");
    arena.refresh_copy();
    compare("refreshed", net(x).to_vector<double>(), {3, 7}, 0);
    compare("as it is without a copy", cast(w.clone(), DType::bf16).to_vector<double>(),
            cast(w, DType::bf16).to_vector<double>(), 0);
    Optimizer optimizer(arena, {.lr = 0.5});
    for (const ParamArena::Slot& slot : arena.slots()) {
      slot.grad->grad.assign(Tensor::full(slot.parameter.value.shape(), 1, DType::f32, device));
      slot.grad->written = true;
    }
    optimizer.step();
    // Adam's first step is the rate
    compare("updated", net(x).to_vector<double>(), {1.5, 5.5}, 1e-2);
  }
}

struct MixedCase {
  std::string name;
  BlockOptions o;
  Shape x, w, y;
};

std::vector<MixedCase> mixed_cases() {
  std::vector<MixedCase> all;
  for (const bool norm : {false, true}) {
    BlockOptions o;
    o.has_norm = norm;
    o.act = Unary::tanh;
    const char* with = norm ? " with norm" : "";
    o.conv = {2, 1, 1, 1, 1, 1, 1};
    o.next_pad = {PadMode::reflect, 1, 1, 1, 1};
    all.push_back({std::string("conv") + with, o, {3, 8, 8, 8}, {16, 4, 4, 8}, {3, 4, 4, 16}});
    o.map = MapKind::conv_transpose;
    all.push_back({std::string("conv_transpose") + with, o, {3, 4, 4, 8}, {8, 4, 4, 16}, {3, 8, 8, 16}});
    o.map = MapKind::dense;
    o.next_pad = {};
    all.push_back({std::string("dense") + with, o, Shape::matrix(32, 24), Shape::matrix(16, 24),
                   Shape::matrix(32, 16)});
  }
  return all;
}

struct MixedRun {
  Tensor y;
  Tensors first, second;
};

// x, w, bias, gamma, beta, residual: x and residual in `activations`, the others in `parameters`.
MixedRun run_mixed(const MixedCase& c, DType activations, DType parameters, const Device& device) {
  Tensors xs;
  for (const Tensor& t :
       {numbers(c.x, 1), numbers(c.w, 2, -0.3, 0.3), numbers(Shape::vector(16), 3),
        numbers(Shape::vector(16), 4, 0.5, 1.5), numbers(Shape::vector(16), 5), numbers(c.y, 6)})
    xs.push_back(convert(t, xs.empty() || xs.size() == 5 ? activations : parameters, device));
  for (const Tensor& x : xs) x.set_requires_grad(true);
  const auto block = [&](const Tensors& t) {
    BlockParams p;
    p.w = t[1];
    p.bias = t[2];
    if (c.o.has_norm) p.gamma = t[3], p.beta = t[4];
    return fused_block(t[0], p, c.o, t[5]);
  };
  MixedRun r;
  Tape tape;
  r.y = block(xs);
  const Tensor dy = convert(numbers(r.y.shape(), 9), activations, device);
  r.first = tape.grad(r.y, xs, false, dy);
  // As in a gradient penalty: the squares of dx, differentiated again.
  const Tensor dx = tape.grad(block(xs), {xs[0]}, true, dy)[0];
  r.second = tape.grad(sum(square(cast(dx, parameters))), xs);
  return r;
}

// Relative to the largest of `want`: single elements may cancel.
double error(const Tensor& got, const Tensor& want) {
  const std::vector<double> a = got.to_vector<double>(), b = want.to_vector<double>();
  double off = 0, size = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    off += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(off / size);
}

TEST_CASE("block: bf16 activations with f32 parameters, against f64: values, gradients, second derivatives") {
  for (const MixedCase& c : mixed_cases()) {
    const MixedRun want = run_mixed(c, DType::f64, DType::f64, gradcheck::ref);
    for (const Device& device : devices()) {
      const MixedRun got = run_mixed(c, DType::bf16, DType::f32, device);
      CAPTURE(c.name);
      CAPTURE(device.str());
      CHECK(got.y.dtype() == DType::bf16);
      CHECK(error(got.y, want.y) < 0.01);
      for (std::size_t i = 0; i < want.first.size(); ++i) {
        CAPTURE(i);
        REQUIRE(static_cast<bool>(got.first[i]) == static_cast<bool>(want.first[i]));
        REQUIRE(static_cast<bool>(got.second[i]) == static_cast<bool>(want.second[i]));
        if (!want.first[i]) continue;
        CHECK(got.first[i].dtype() == (i == 0 || i == 5 ? DType::bf16 : DType::f32));
        if (i != 2 || !c.o.has_norm)
          CHECK(error(got.first[i], want.first[i]) < 0.01);  // the norm cancels the bias
        if (want.second[i] && i != 2) CHECK(error(got.second[i], want.second[i]) < 0.03);
      }
    }
  }
}

}  // namespace
}  // namespace sumi
