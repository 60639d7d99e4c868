// The tape's semantics: marks, popping, leaves, slots, grad(), nesting.
#include "engine/optim.h"
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::compare;
using gradcheck::leaves;
using gradcheck::numbers;
using gradcheck::Tensors;

// A linear map x w^T with one parameter.
class LinearMap final : public Module {
 public:
  LinearMap(std::int64_t in, std::int64_t out, std::uint64_t stream) : Module("linear") {
    w = add_parameter("weight", Shape::matrix(out, in), DType::f64, gradcheck::ref, {});
    w.assign(numbers(w.shape(), stream));
  }
  Shape infer_shape(const Shape& x, Cost&) const override { return Shape::matrix(x.n, w.shape().n); }
  Tensor w;

 protected:
  Tensor forward(const Tensor& x) override { return dense(x, w, {}); }
};

TEST_CASE("autograd: the checker notices a wrong gradient") {
  const Tensor x = leaves({numbers({1, 1, 1, 3}, 1)})[0];
  Tape tape;
  const Tensor y = record("wrong", {x}, affine(x.detach(), 2),
                          [](const Tensor& dy, Grads& g) { g.put(0, affine(dy, 2.001)); });
  const Tensor g = tape.grad(y, {x}, false, Tensor::full({1, 1, 1, 3}, 1, DType::f64, gradcheck::ref))[0];
  const std::string text =
      gradcheck::mismatch("wrong, input 0", g.to_vector<double>(),
                          gradcheck::differences([&] { return affine(sum(x), 2).item(); }, x, 1e-5), 1e-7);
  CHECK(text.starts_with("wrong, input 0: index 0 is 2.001, expected 2"));
  CHECK(text.find("; 3 of 3 differ, worst 0.00033") != std::string::npos);
  CHECK(gradcheck::mismatch("", {std::nan("")}, {1}, 1) != "");
}

TEST_CASE("autograd: a mark keeps what lies under it for a second backward (DCGAN's reused fake)") {
  LinearMap g(3, 4, 1), d(4, 1, 2);
  ParamArena g_arena({{"g", &g}}), d_arena({{"d", &d}});
  const Tensor z = numbers(Shape::matrix(5, 3), 3), real = numbers(Shape::matrix(5, 4), 4);
  g_arena.begin();
  d_arena.begin();
  Tape tape;
  const Tensor fake = tanh(g(z));
  const Tape::Mark mark = tape.mark();
  REQUIRE(mark == 2);
  const Tensor d_loss =
      add(loss_mean(Loss::bce_logits, d(real), 1), loss_mean(Loss::bce_logits, d(fake.detach()), 0));
  tape.backward(d_loss, mark);
  CHECK(tape.size() == mark);
  CHECK(d_arena.slots()[0].grad->written);
  CHECK_FALSE(g_arena.slots()[0].grad->written);
  const auto d_value = [&] {
    return add(loss_mean(Loss::bce_logits, d(real), 1), loss_mean(Loss::bce_logits, d(tanh(g(z))), 0)).item();
  };
  const std::vector<double> d_grad = d.w.grad().to_vector<double>();
  {
    const FreezeGuard frozen(d_arena);
    tape.backward(loss_mean(Loss::bce_logits, d(fake), 1));
  }
  CHECK(tape.size() == 0);
  const auto g_value = [&] { return loss_mean(Loss::bce_logits, d(tanh(g(z))), 1).item(); };
  const NoGrad no_grad;
  compare("d", d_grad, gradcheck::differences(d_value, d.w, 1e-5), 1e-8);
  compare("g", g.w.grad().to_vector<double>(), gradcheck::differences(g_value, g.w, 1e-5), 1e-8);
  compare("the frozen d kept its gradient", d.w.grad().to_vector<double>(), d_grad, 0);
}

TEST_CASE("autograd: popping frees activations on the way back") {
  const Shape s{1, 64, 64, 4};
  const std::size_t each = static_cast<std::size_t>(s.count()) * 8;
  const Tensor x = leaves({numbers(s, 1)})[0];
  Tape tape;
  const std::size_t before = Pool::of(gradcheck::ref).stats().in_use;
  Tensor y = x;
  for (int i = 0; i < 10; ++i) y = tanh(y);
  const Tensor loss = mean(y);
  y = {};
  const std::size_t full = Pool::of(gradcheck::ref).stats().in_use;
  CHECK(full >= before + 10 * each);
  Pool::of(gradcheck::ref).reset_peak();
  tape.backward(loss);
  // Two gradients at a time, never ten.
  CHECK(Pool::of(gradcheck::ref).stats().peak_in_use <= full + 3 * each);
  CHECK(Pool::of(gradcheck::ref).stats().in_use <= before + each + 4096);
}

TEST_CASE("autograd: leaves accumulate, over uses and over backwards") {
  const Tensor x = leaves({numbers({1, 1, 1, 3}, 1)})[0];
  CHECK_FALSE(x.grad());
  const std::vector<double> v = x.to_vector<double>();
  std::vector<double> want(3), twice(3);
  for (std::size_t i = 0; i < 3; ++i) want[i] = 2 * v[i] + 1, twice[i] = 2 * want[i];
  Tape tape;
  for (const std::vector<double>& expected : {want, twice}) {
    tape.backward(sum(add(mul(x, x), x)));  // x used three times
    compare("leaf", x.grad().to_vector<double>(), expected, 1e-15);
  }
  x.set_grad({});
  tape.backward(sum(add(mul(x, x), x)));
  compare("after set_grad({})", x.grad().to_vector<double>(), want, 1e-15);
}

TEST_CASE("autograd: a parameter's first gradient since begin() overwrites its slot, the next add") {
  LinearMap f(3, 2, 1);
  ParamArena arena({{"f", &f}});
  const Tensor x = numbers(Shape::matrix(4, 3), 2), dy = numbers(Shape::matrix(4, 2), 3);
  const std::vector<double> one = dense_weight_grad(x, dy).to_vector<double>();
  std::vector<double> two = one;
  for (double& v : two) v *= 2;
  const GradSlot& slot = *arena.slots()[0].grad;
  const void* place = slot.grad.view().data;
  arena.gradients().assign(Tensor::full(arena.gradients().shape(), std::nan(""), DType::f64, gradcheck::ref));
  Tape tape;
  for (int step = 0; step < 2; ++step) {
    arena.begin();
    CHECK_FALSE(slot.written);
    tape.backward(f(x), 0, dy);
    CHECK(slot.written);
    compare("first", f.w.grad(), Tensor::from(one, f.w.shape(), DType::f64, gradcheck::ref), 0);
    tape.backward(f(x), 0, dy);
    compare("second", f.w.grad().to_vector<double>(), two, 1e-15);
    CHECK(f.w.grad().view().data == place);
  }
  // Twice in one graph; once through an op that does not know about slots.
  arena.begin();
  tape.backward(add(f(x), f(x)), 0, dy);
  compare("twice in one graph", f.w.grad().to_vector<double>(), two, 1e-15);
  arena.begin();
  tape.backward(sum(affine(f.w, 3)));
  compare("by a copy", f.w.grad().to_vector<double>(), std::vector<double>(6, 3.0), 0);
}

TEST_CASE("autograd: nothing is recorded when frozen, under NoGrad, after detach, without a tape") {
  LinearMap f(3, 2, 1);
  ParamArena arena({{"f", &f}});
  const Tensor x = numbers(Shape::matrix(4, 3), 2);
  CHECK_FALSE(f(x).requires_grad());  // no tape
  Tape tape;
  {
    const FreezeGuard frozen(arena);
    CHECK_FALSE(f(x).requires_grad());
    // Gradients still pass through a frozen network.
    const Tensor leaf = leaves({x})[0];
    tape.backward(sum(f(leaf)));
    CHECK(leaf.grad());
    CHECK_FALSE(arena.slots()[0].grad->written);
  }
  {
    const NoGrad no_grad;
    CHECK_FALSE(f(x).requires_grad());
    CHECK_FALSE(Tape::recording());
  }
  CHECK(tape.size() == 0);
  const Tensor y = f(x);
  CHECK(y.requires_grad());
  CHECK_FALSE(y.detach().requires_grad());
  CHECK_FALSE(tanh(y.detach()).requires_grad());
  CHECK(tape.size() == 1);
  tape.clear();
  CHECK(tape.size() == 0);
}

TEST_CASE("autograd: grad() pops nothing, touches no slot, and gives absent tensors for what is unused") {
  LinearMap f(3, 2, 1);
  ParamArena arena({{"f", &f}});
  const Tensors xs = leaves({numbers(Shape::matrix(4, 3), 2), numbers(Shape::matrix(4, 3), 3)});
  Tape tape;
  const Tensor h = f(xs[0]), loss = mean(square(h));
  const std::size_t size = tape.size();
  arena.gradients().assign(Tensor::full(arena.gradients().shape(), 5, DType::f64, gradcheck::ref));
  for (int i = 0; i < 2; ++i) {
    const Tensors g = tape.grad(loss, {xs[0], xs[1], f.w, h, loss});
    CHECK(tape.size() == size);
    CHECK(g[0].shape() == xs[0].shape());
    CHECK_FALSE(g[1]);
    CHECK_FALSE(g[0].requires_grad());
    CHECK_FALSE(arena.slots()[0].grad->written);
    CHECK_FALSE(xs[0].grad());
    CHECK(f.w.grad().to_vector<double>() == std::vector<double>(6, 5.0));
    compare("intermediate", g[3], affine(h.detach(), 2.0 / 8), 1e-15);
    compare("the result itself", g[4], Tensor::full({1, 1, 1, 1}, 1, DType::f64, gradcheck::ref), 0);
    compare("weight", g[2], dense_weight_grad(xs[0].detach(), g[3]), 1e-15);
  }
  // Entries below `from` are not walked.
  CHECK_FALSE(tape.grad(loss, {xs[0]}, false, {}, 1)[0]);
  tape.backward(loss);
  CHECK(xs[0].grad());
}

TEST_CASE("autograd: a nested tape records for itself and gives the outer one back") {
  const Tensor x = leaves({numbers({1, 1, 1, 3}, 1)})[0];
  Tape outer;
  const Tensor y = square(x);
  {
    Tape inner;
    CHECK(Tape::current() == &inner);
    const Tensor leaf = y.detach();
    leaf.set_requires_grad(true);
    inner.backward(sum(affine(leaf, 3)));
    CHECK(leaf.grad().to_vector<double>() == std::vector<double>(3, 3.0));
  }
  CHECK(Tape::current() == &outer);
  CHECK(outer.size() == 1);
  outer.backward(sum(y));
  compare("outer", x.grad(), affine(x.detach(), 2), 1e-15);
}

TEST_CASE("autograd: a leaf that is its own loss") {
  const Tensor x = leaves({numbers({1, 1, 1, 1}, 1)})[0];
  Tape tape;
  tape.backward(x);
  REQUIRE(x.grad());
  CHECK(x.grad().item() == 1);
}

}  // namespace
}  // namespace sumi
