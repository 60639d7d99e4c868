// The optimizer against its formulas, the arena's slots, and the learning-rate schedules.
#include "engine/optim.h"
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::compare;
using gradcheck::numbers;

// Parameters of any shapes, named p0, p1, ...
class Parameters final : public Module {
 public:
  Parameters(const std::vector<Shape>& shapes, DType dtype, const Device& device) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      values.push_back(add_parameter("p" + std::to_string(i), shapes[i], dtype, device, {}));
      values.back().assign(numbers(shapes[i], i));
    }
  }
  Shape infer_shape(const Shape& x, Cost&) const override { return x; }
  std::vector<Tensor> values;

 protected:
  Tensor forward(const Tensor& x) override { return x; }
};

const std::vector<Shape> kShapes = {{3, 1, 1, 5}, {1, 1, 1, 7}, {2, 3, 3, 2}};

// A gradient for parameter i at step t, written like backward() does.
void give(ParamArena& arena, std::size_t i, int t) {
  const auto& slot = arena.slots()[i];
  slot.grad->grad.assign(numbers(slot.parameter.value.shape(), 100 + 10 * static_cast<std::uint64_t>(t) + i));
  slot.grad->written = true;
}

// The rules by their formulas, on plain vectors.
struct Formula {
  std::vector<double> p, m, v, ema;
  int t = 0;
  explicit Formula(const Tensor& start) : p(start.to_vector<double>()), m(p.size()), v(p.size()), ema(p) {}
  void step(const OptimizerOptions& o, double lr, double scale, const std::vector<double>& grad) {
    ++t;
    for (std::size_t i = 0; i < p.size(); ++i) {
      double g = scale * grad[i];
      if (o.rule == OptimizerRule::adamw)
        p[i] -= lr * o.weight_decay * p[i];
      else
        g += o.weight_decay * p[i];
      m[i] = o.beta1 * m[i] + (1 - o.beta1) * g;
      v[i] = o.beta2 * v[i] + (1 - o.beta2) * g * g;
      const double m_hat = m[i] / (1 - std::pow(o.beta1, t)), v_hat = v[i] / (1 - std::pow(o.beta2, t));
      if (o.rule == OptimizerRule::rmsprop)
        p[i] -= lr * g / (std::sqrt(v[i]) + o.eps);
      else
        p[i] -= lr * m_hat / (std::sqrt(v_hat) + o.eps);
      const double keep = std::min(o.ema_decay, (1.0 + t) / (10 + t));
      ema[i] = keep * ema[i] + (1 - keep) * p[i];
    }
  }
};

constexpr OptimizerRule kRules[] = {OptimizerRule::adam, OptimizerRule::adamw, OptimizerRule::rmsprop};

void check_formula(const OptimizerOptions& o) {
  Parameters net(kShapes, DType::f64, gradcheck::ref);
  ParamArena arena({{"net", &net}});
  Optimizer optimizer(arena, o);
  CHECK(static_cast<bool>(optimizer.ema()) == (o.ema_decay > 0));
  CHECK(static_cast<bool>(optimizer.norm()) == (o.clip_norm > 0));
  CHECK(static_cast<bool>(optimizer.m()) == (o.rule != OptimizerRule::rmsprop));
  std::vector<Formula> want;
  for (const Tensor& p : net.values) want.emplace_back(p);
  for (int t = 0; t < 5; ++t) {
    const double lr = 0.1 / (t + 1);
    arena.begin();
    double squares = 0;
    for (std::size_t i = 0; i < kShapes.size(); ++i) {
      give(arena, i, t);
      const Tensor g = net.values[i].grad();
      squares += gradcheck::dot(g, g);
    }
    const double norm = std::sqrt(squares);
    const double scale = o.clip_norm > 0 ? std::min(1.0, o.clip_norm / (norm + 1e-6)) : 1.0;
    optimizer.step(lr);
    if (o.clip_norm > 0) CHECK(optimizer.norm().item() == doctest::Approx(norm).epsilon(1e-12));
    for (std::size_t i = 0; i < kShapes.size(); ++i) {
      const auto& slot = arena.slots()[i];
      const auto part = [&](const Tensor& flat) { return arena.slice(flat, slot).to_vector<double>(); };
      want[i].step(o, lr, scale, net.values[i].grad().to_vector<double>());
      compare("p", net.values[i].to_vector<double>(), want[i].p, 1e-13);
      if (optimizer.m()) compare("m", part(optimizer.m()), want[i].m, 1e-13);
      compare("v", part(optimizer.v()), want[i].v, 1e-13);
      if (optimizer.ema()) compare("ema", part(optimizer.ema()), want[i].ema, 1e-13);
    }
  }
}

TEST_CASE("optim: each rule equals its formula in f64, with weight decay, clipping and EMA") {
  for (const OptimizerRule rule : kRules)
    for (const double decay : {0.0, 0.01})
      for (const double clip : {0.0, 0.5, 100.0})
        for (const double ema : {0.0, 0.3, 0.9}) {  // 0.3: from the third update
          CAPTURE(kernels::name_of(rule));
          OptimizerOptions o;
          o.rule = rule;
          o.beta1 = 0.9;
          o.weight_decay = decay;
          o.clip_norm = clip;
          o.ema_decay = ema;
          check_formula(o);
        }
}

TEST_CASE("optim: four clipped steps with weight decay end where PyTorch's end") {
  // torch 1.13 in f64: Adam, AdamW and RMSprop(alpha=0.9) with lr 0.05, betas (0.5, 0.9), eps 1e-8,
  // weight decay 0.1, and clip_grad_norm_(1) before each step.
  const std::vector<std::vector<double>> ends = {
      {0.29453670911184604, -1.1625669493068274, 1.8767341059420548},
      {0.28679654146218836, -1.1799833691082973, 1.858883729139954},
      {-0.0088135071963369033, -1.1279716983548824, 1.7906552492423087},
  };
  for (std::size_t rule = 0; rule < 3; ++rule) {
    Parameters net({{1, 1, 1, 3}}, DType::f64, gradcheck::ref);
    net.values[0].assign({0.5, -1.25, 2});
    ParamArena arena({{"net", &net}});
    OptimizerOptions o{kRules[rule], 0.05, 0.5, 0.9, 1e-8, 0.1, 1, 0};
    Optimizer optimizer(arena, o);
    for (int t = 0; t < 4; ++t) {
      arena.begin();
      arena.slots()[0].grad->grad.assign({0.3 * (t + 1), -0.7 + 0.5 * t, 1.5 - 0.4 * t * t});
      arena.slots()[0].grad->written = true;
      optimizer.step();
    }
    compare("p", net.values[0].to_vector<double>(), ends[rule], 1e-15);
    CHECK(optimizer.norm().item() == doctest::Approx(2.5475478405713998).epsilon(1e-15));
  }
}

TEST_CASE("optim: slots that nothing wrote are skipped and named, and count their own steps") {
  Parameters net(kShapes, DType::f64, gradcheck::ref);
  ParamArena arena({{"net", &net}});
  OptimizerOptions o;
  o.ema_decay = 0.5;
  Optimizer adam(arena, o);
  std::vector<Formula> want;
  for (const Tensor& p : net.values) want.emplace_back(p);
  // The slots that get a gradient in each step; stale gradients of the others remain in memory.
  const std::vector<std::vector<std::size_t>> written = {{0}, {0, 2}, {2}, {}, {0, 2}};
  for (int t = 0; t < 5; ++t) {
    arena.begin();
    for (const std::size_t i : written[static_cast<std::size_t>(t)]) give(arena, i, t);
    adam.step(0.1);
    for (const std::size_t i : written[static_cast<std::size_t>(t)])
      want[i].step(o, 0.1, 1, net.values[i].grad().to_vector<double>());
    for (std::size_t i = 0; i < 3; ++i) {
      compare("p", net.values[i].to_vector<double>(), want[i].p, 1e-13);
      compare("ema", arena.slice(adam.ema(), arena.slots()[i]).to_vector<double>(), want[i].ema, 1e-13);
    }
  }
  CHECK(adam.steps() == std::vector<std::int64_t>{3, 0, 3});
  CHECK(adam.never_updated() == std::vector<std::string>{"net.p1"});
}

TEST_CASE("optim: f32 on the CPU equals the reference") {
  std::vector<std::vector<double>> results;
  for (const auto& [device, dtype] : {std::pair{gradcheck::ref, DType::f32},
                                      {gradcheck::tested, DType::f32},
                                      {gradcheck::ref, DType::f64}}) {
    Parameters net(kShapes, dtype, device);
    ParamArena arena({{"net", &net}});
    OptimizerOptions o;
    o.weight_decay = 0.01;
    o.clip_norm = 0.5;
    o.ema_decay = 0.9;
    Optimizer adam(arena, o);
    for (int t = 0; t < 5; ++t) {
      arena.begin();
      for (std::size_t i = 0; i < kShapes.size(); ++i) give(arena, i, t);
      adam.step(0.01);
    }
    std::vector<double> all = arena.values().to_vector<double>();
    for (const Tensor& state : {adam.m(), adam.v(), adam.ema()})
      for (const double v : state.to_vector<double>()) all.push_back(v);
    all.push_back(adam.norm().item());
    results.push_back(all);
  }
  compare("cpu f32 and ref f32", results[1], results[0], 1e-6);
  compare("cpu f32 and ref f64", results[1], results[2], 1e-5);
}

TEST_CASE("optim: the arena holds every parameter, on cache lines, under prefixed names") {
  Parameters a(kShapes, DType::f32, gradcheck::tested), b({{1, 1, 1, 1}}, DType::f32, gradcheck::tested);
  const std::vector<double> before = a.values[2].to_vector<double>();
  ParamArena arena({{"a", &a}, {"b", &b}});
  std::vector<std::string> names;
  for (const auto& slot : arena.slots()) {
    names.push_back(slot.parameter.name);
    CHECK(slot.offset % 16 == 0);
    CHECK(slot.count == slot.parameter.value.count());
    CHECK(slot.grad->name == slot.parameter.name);
    CHECK(arena.slice(arena.values(), slot).view().data == slot.parameter.value.view().data);
  }
  CHECK(names == std::vector<std::string>{"a.p0", "a.p1", "a.p2", "b.p0"});
  CHECK(a.values[2].to_vector<double>() == before);
  arena.begin();
  OptimizerOptions clipped;
  clipped.clip_norm = 1;
  Optimizer optimizer(arena, clipped);
  optimizer.step();
  CHECK(optimizer.norm().item() == 0);
  give(arena, 1, 0);  // what lies in memory of the others does not count
  arena.slots()[0].grad->grad.assign(numbers(kShapes[0], 3));
  optimizer.step();
  const Tensor g = a.values[1].grad();
  CHECK(optimizer.norm().item() == doctest::Approx(std::sqrt(gradcheck::dot(g, g))).epsilon(1e-6));

  Parameters other(kShapes, DType::f64, gradcheck::ref);
  CHECK(gradcheck::error_of([&] {
          ParamArena({{"a", &a}, {"c", &other}});
        }) == "[optimizer] a.p0 and c.p0 differ in type or device");
  Parameters none({}, DType::f32, gradcheck::tested);
  CHECK(gradcheck::error_of([&] {
          ParamArena({{"a", &none}});
        }) == "[optimizer] there are no parameters to train");
}

TEST_CASE("optim: rules by name") {
  for (const OptimizerRule rule : kRules) CHECK(parse_optimizer(kernels::name_of(rule)) == rule);
  CHECK(gradcheck::error_of([] { parse_optimizer("sgd"); }) ==
        "[optimizer] unknown 'sgd'; use adam, adamw or rmsprop");
}

TEST_CASE("optim: learning-rate policies") {
  const LrPolicy constant, linear{"linear", 100, 100}, step{"step", 0, 30}, cosine{"cosine", 50, 50};
  CHECK(constant.factor(1000) == 1);
  // pix2pix's rule: the last epoch (199) still learns.
  CHECK(linear.factor(0) == 1);
  CHECK(linear.factor(99) == 1);
  CHECK(linear.factor(100) == doctest::Approx(1 - 1.0 / 101));
  CHECK(linear.factor(199) == doctest::Approx(1.0 / 101));
  CHECK(linear.factor(200) == 0);
  CHECK(linear.factor(500) == 0);  // never negative, when a run is prolonged
  CHECK(LrPolicy{"linear", 0, 4}.factor(0) == doctest::Approx(0.8));
  CHECK(step.factor(29.5) == 1);
  CHECK(step.factor(30) == doctest::Approx(0.1));
  CHECK(step.factor(60) == doctest::Approx(0.01));
  // CartoonGAN's: 100 epochs, a tenth after 50, a hundredth after 75.
  const LrPolicy two{"two-steps", 50, 50};
  CHECK(two.factor(49) == 1);
  CHECK(two.factor(50) == doctest::Approx(0.1));
  CHECK(two.factor(74) == doctest::Approx(0.1));
  CHECK(two.factor(75) == doctest::Approx(0.01));
  CHECK(two.factor(200) == doctest::Approx(0.01));
  CHECK(cosine.factor(0) == 1);
  CHECK(cosine.factor(50) == doctest::Approx(0.5));
  CHECK(cosine.factor(100) == doctest::Approx(0));
  CHECK(cosine.factor(150) == doctest::Approx(0));
  CHECK(gradcheck::error_of([] {
          LrPolicy{"magic", 1, 1}.factor(0);
        }) == "[lr-policy] unknown policy 'magic'; use constant, linear, step, two-steps or cosine");
}

}  // namespace
}  // namespace sumi
