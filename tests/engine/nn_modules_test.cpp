// Modules: names, counts, shape inference, training and inference, initialization; the same
// networks on the CPU.
#include "engine/optim.h"
#include "tests/engine/gradcheck.h"
#include "tests/engine/nn_networks.h"

namespace sumi {
namespace {

using gradcheck::compare;
using gradcheck::numbers;

std::vector<std::string> names(const std::vector<Parameter>& parameters) {
  std::vector<std::string> all;
  for (const Parameter& p : parameters) all.push_back(p.name);
  return all;
}

TEST_CASE("nn: parameters in order of definition, under PyTorch's names") {
  const auto g = networks::generator(DType::f32, gradcheck::tested);
  const auto d = networks::discriminator(DType::f32, gradcheck::tested);
  CHECK(names(g->parameters()) == std::vector<std::string>{"main.0.weight", "main.1.weight", "main.1.bias",
                                                           "main.3.weight", "main.4.weight", "main.4.bias",
                                                           "main.6.weight"});
  CHECK(names(g->buffers()) == std::vector<std::string>{"main.1.running_mean", "main.1.running_var",
                                                        "main.4.running_mean", "main.4.running_var"});
  CHECK(names(d->parameters()) == std::vector<std::string>{"main.0.weight", "main.2.weight", "main.3.weight",
                                                           "main.3.bias", "main.5.weight"});
  CHECK(g->parameter_count() == 8 * 16 * 16 + 2 * 16 + 16 * 8 * 16 + 2 * 8 + 8 * 3 * 16);
  CHECK(d->parameter_count() == 3 * 8 * 16 + 8 * 16 * 16 + 2 * 16 + 16 * 16);
  CHECK(g->parameters()[0].value.shape() == Shape{8, 4, 4, 16});
  CHECK(d->parameters()[0].value.shape() == Shape{8, 4, 4, 3});
  const auto critic = networks::critic(DType::f32, gradcheck::tested);
  CHECK(names(critic->parameters()) ==
        std::vector<std::string>{"main.0.weight", "main.0.bias", "main.2.weight", "main.2.bias",
                                 "main.3.weight", "main.3.bias", "main.6.weight", "main.6.bias"});
  CHECK(critic->parameters()[6].layout.flat_in == Shape{1, 2, 2, 6});
}

TEST_CASE("nn: the plan equals the real shapes") {
  const auto g = networks::generator(DType::f32, gradcheck::tested);
  const auto d = networks::discriminator(DType::f32, gradcheck::tested);
  const auto critic = networks::critic(DType::f32, gradcheck::tested);
  RandomStream stream(1, 1);
  for (const Module* m : {static_cast<const Module*>(g.get()), static_cast<const Module*>(d.get()),
                          static_cast<const Module*>(critic.get())})
    initialize(*m, {}, stream);
  Cost cost;
  const Tensor z = gradcheck::convert(numbers({2, 1, 1, 8}, 1), DType::f32, gradcheck::tested);
  const Tensor x = (*g)(z);
  CHECK(x.shape() == Shape{2, 16, 16, 3});
  CHECK(g->infer_shape(z.shape(), cost) == x.shape());
  // 1 -> 4 -> 8 -> 16 pixels: every input pixel meets the whole weight.
  CHECK(cost.macs == 2 * (1 * 8 * 16 * 16 + 16 * 16 * 8 * 16 + 64 * 8 * 3 * 16));
  CHECK(cost.saved_elements == 2 * (2 * 16 * 16 + 2 * 64 * 8 + 256 * 3));
  CHECK(d->infer_shape(x.shape(), cost) == (*d)(x).shape());
  const Tensor c = gradcheck::convert(numbers({3, 8, 8, 2}, 1), DType::f32, gradcheck::tested);
  CHECK(critic->infer_shape(c.shape(), cost) == (*critic)(c).shape());
  CHECK(gradcheck::error_of([&] {
          d->infer_shape({1, 16, 16, 4}, cost);
        }) == "[main.0] weight 8x4x4x3 (KRSC) expects 3 input channels, but x 1x16x16x4 (NHWC) has 4");
  CHECK(gradcheck::error_of([&] {
          critic->infer_shape({1, 16, 16, 2}, cost);
        }) == "[main.6] x 1x1x1x96 does not have the 24 features expected");
}

TEST_CASE("nn: set_training switches batch norm between its own and running statistics") {
  const auto g = networks::generator(DType::f64, gradcheck::ref);
  RandomStream stream(1, 1);
  initialize(*g, {"normal", 0.5}, stream);
  const Tensor z = numbers({4, 1, 1, 8}, 1), one = z.batch_slice(0, 1);
  const Tensor mean = g->buffers()[0].value;
  CHECK(mean.to_vector<double>() == std::vector<double>(16, 0.0));
  (*g)(z);
  const std::vector<double> moved = mean.to_vector<double>();
  CHECK(moved != std::vector<double>(16, 0.0));
  g->set_training(false);
  const Tensor alone = (*g)(one), among = (*g)(z).batch_slice(0, 1);
  compare("a sample alone and among others", alone, among, 1e-14);
  CHECK(mean.to_vector<double>() == moved);
  g->set_training(true);
  (*g)(z);
  CHECK(mean.to_vector<double>() != moved);
}

// One layer of each kind, wide enough for statistics.
struct Moments {
  double mean, std, largest;
};
Moments moments(const std::vector<double>& v) {
  Moments m{0, 0, 0};
  for (const double x : v)
    m.mean += x / static_cast<double>(v.size()), m.largest = std::max(m.largest, std::abs(x));
  for (const double x : v) m.std += (x - m.mean) * (x - m.mean) / static_cast<double>(v.size());
  m.std = std::sqrt(m.std);
  return m;
}

TEST_CASE("nn: initialize() draws what its name says, and writes every parameter") {
  for (const networks::MapKind map :
       {networks::MapKind::conv, networks::MapKind::conv_transpose, networks::MapKind::dense}) {
    LayerSpec spec = networks::layer(map, 64, 96, 3, 1, 1, 0);
    spec.norm = LayerSpec::Norm::batch;
    const FusedLayer net(spec, DType::f32, gradcheck::tested);
    const double window = map == networks::MapKind::dense ? 1 : 9;
    // PyTorch uses dimension 1 of the weight as input; for a transposed convolution that is its
    // output.
    const bool swapped = map == networks::MapKind::conv_transpose;
    const double in = (swapped ? 96 : 64) * window, out = (swapped ? 64 : 96) * window;
    const double xavier = 0.7 * std::sqrt(2 / (in + out));
    for (const auto& [type, std] : {std::pair{"normal", 0.7},
                                    {"xavier", xavier},
                                    {"xavier-uniform", xavier},
                                    {"kaiming", 0.7 * std::sqrt(2 / in)}}) {
      for (const Parameter& p : net.parameters())
        p.value.assign(std::vector<double>(static_cast<std::size_t>(p.value.count()), std::nan("")));
      RandomStream stream(3, 1);
      initialize(net, {type, 0.7}, stream);
      const auto value = [&](std::size_t i) { return net.parameters()[i].value.to_vector<double>(); };
      const Moments w = moments(value(0));
      CHECK_MESSAGE(std::abs(w.std / std - 1) < 0.03, type << " " << w.std << " " << std);
      CHECK(std::abs(w.mean) < 0.06 * std);
      if (std::string(type) == "xavier-uniform") CHECK(w.largest <= std * std::sqrt(3.0) * (1 + 1e-6));
      CHECK(value(1) == std::vector<double>(96, 0.0));
      if (std::string(type) == "normal")
        CHECK(std::abs(moments(value(2)).mean - 1) < 0.3);
      else
        CHECK(value(2) == std::vector<double>(96, 1.0));
      CHECK(value(3) == std::vector<double>(96, 0.0));
    }
  }
}

TEST_CASE("nn: orthogonal initialization has orthonormal rows or columns, times the gain") {
  // 18 columns and 7 rows; 45 columns and 40 rows
  for (const auto& [in, out] : {std::pair{2, 7}, {5, 40}}) {
    for (const bool dense : {false, true}) {
      const FusedLayer net(
          networks::layer(dense ? networks::MapKind::dense : networks::MapKind::conv, in, out, 3, 1, 1, 0),
          DType::f64, gradcheck::ref);
      RandomStream stream(3, 1);
      initialize(net, {"orthogonal", 1.5}, stream);
      const Tensor w = net.parameters()[0].value;
      const std::int64_t rows = w.shape().n, cols = w.count() / rows, small = std::min(rows, cols);
      const Tensor m = w.view_as(Shape::matrix(rows, cols));
      const Tensor gram = rows <= cols ? matmul(m, m, false, true) : matmul(m, m, true, false);
      std::vector<double> want(static_cast<std::size_t>(small * small));
      for (std::int64_t i = 0; i < small; ++i) want[static_cast<std::size_t>(i * small + i)] = 2.25;
      compare("gram", gram.to_vector<double>(), want, 1e-12);
    }
  }
  RandomStream stream(3, 1);
  const auto g = networks::generator(DType::f32, gradcheck::tested);
  CHECK(gradcheck::error_of([&] {
          initialize(*g, {"magic", 1}, stream);
        }).starts_with("[init] unknown --init-type 'magic'; use normal, xavier"));
}

// Losses, output, all gradients and the updated weights of one DCGAN step.
std::vector<std::pair<std::string, Tensor>> dcgan_step(DType dtype, const Device& device) {
  const auto g = networks::generator(dtype, device), d = networks::discriminator(dtype, device);
  RandomStream stream(4, 1);
  initialize(*g, {"normal", 0.2}, stream);
  initialize(*d, {"normal", 0.2}, stream);
  ParamArena ga({{"g", g.get()}}), da({{"d", d.get()}});
  Optimizer g_adam(ga, {}), d_adam(da, {});
  const Tensor z = gradcheck::convert(numbers({4, 1, 1, 8}, 1), dtype, device);
  const Tensor real = gradcheck::convert(numbers({4, 16, 16, 3}, 2), dtype, device);
  std::vector<std::pair<std::string, Tensor>> results;
  ga.begin();
  da.begin();
  Tape tape;
  const Tensor fake = (*g)(z);
  const Tape::Mark mark = tape.mark();
  results.emplace_back("fake", fake);
  const Tensor d_loss =
      add(loss_mean(Loss::bce_logits, (*d)(real), 0.9), loss_mean(Loss::bce_logits, (*d)(fake.detach()), 0));
  results.emplace_back("d loss", d_loss);
  tape.backward(d_loss, mark);
  for (const auto& slot : da.slots())
    results.emplace_back("gradient of " + slot.parameter.name, slot.grad->grad);
  d_adam.step(2e-4);
  const FreezeGuard frozen(da);
  const Tensor g_loss = loss_mean(Loss::bce_logits, (*d)(fake), 1);
  results.emplace_back("g loss", g_loss);
  tape.backward(g_loss);
  for (const auto& slot : ga.slots())
    results.emplace_back("gradient of " + slot.parameter.name, slot.grad->grad);
  g_adam.step(2e-4);
  for (const auto& m : {g.get(), d.get()})
    for (const Parameter& b : m->buffers()) results.emplace_back(b.name, b.value);
  CHECK(g_adam.never_updated().empty());
  return results;
}

TEST_CASE("nn: one DCGAN step on the CPU in f32 equals the reference in f32 and f64") {
  const auto cpu = dcgan_step(DType::f32, gradcheck::tested);
  const auto ref = dcgan_step(DType::f32, gradcheck::ref), oracle = dcgan_step(DType::f64, gradcheck::ref);
  const auto again = dcgan_step(DType::f32, gradcheck::tested);
  REQUIRE(cpu.size() == ref.size());
  for (std::size_t i = 0; i < cpu.size(); ++i) {
    compare(cpu[i].first + ", tested device and ref", cpu[i].second, ref[i].second, 1e-5);
    compare(cpu[i].first + ", tested device and f64", cpu[i].second, oracle[i].second, 1e-5);
    compare(cpu[i].first + ", tested device twice", cpu[i].second, again[i].second, 0);
  }
}

}  // namespace
}  // namespace sumi
