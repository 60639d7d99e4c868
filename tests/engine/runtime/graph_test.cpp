// A captured step: the same values as the eager step, private memory, errors with a cure. On the
// host a StepGraph only calls the step.
#include "engine/runtime/graph.h"

#include "engine/optim.h"
#include "engine/runtime/captured_scalars.h"
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using Values = std::vector<double>;
using gradcheck::tested;

const bool captures = !tested.on_host();

Tensor input(std::uint64_t stream, const Shape& shape = {2, 3, 3, 4}) {
  return gradcheck::convert(gradcheck::numbers(shape, stream), DType::f32, tested);
}

// A layer that learns to output zeros from its input and noise: random numbers, a backward pass,
// and Adam with changing rate and count.
struct Learner {
  Sequential net;
  std::unique_ptr<ParamArena> arena;
  std::unique_ptr<Optimizer> optimizer;
  RandomStream noise{3, 4};

  Learner() {
    LayerSpec layer;
    layer.in = layer.out = 4;
    layer.kernel = 3;
    layer.pad = 1;
    layer.name = "0";
    net.add(layer, DType::f32, tested);
    RandomStream init(1, 2);
    initialize(net, {}, init);
    arena = std::make_unique<ParamArena>(std::vector<std::pair<std::string, Module*>>{{"net", &net}});
    OptimizerOptions options;
    options.ema_decay = 0.9;
    options.clip_norm = 0.01;
    optimizer = std::make_unique<Optimizer>(*arena, options);
  }

  std::vector<Tensor> step(const std::vector<Tensor>& xs) {
    Tape tape;
    const Shape s = xs[0].shape();
    const Tensor first = noise.normal(s, DType::f32, tested), second = noise.normal(s, DType::f32, tested);
    const Tensor y = net(add(add(xs[0], dropout(first, 0.5, noise)), second));
    const Tensor loss = loss_mean(Loss::squared, y, 0.0);
    arena->begin();
    tape.backward(loss);
    optimizer->step();
    return {loss.detach(), y.detach()};
  }

  // The state after `steps` steps.
  std::vector<Values> learn(StepGraph* graph, int steps) {
    std::vector<Values> all;
    for (int i = 0; i < steps; ++i) {
      optimizer->set_lr(0.01 / (i + 1));
      const std::vector<Tensor> xs{input(static_cast<std::uint64_t>(i))};
      const auto results =
          graph ? graph->run("learn", xs, [&](const auto& in) { return step(in); }) : step(xs);
      for (const Tensor& t : results) all.push_back(t.to_vector<double>());
      all.push_back({static_cast<double>(noise.position())});
    }
    for (const Tensor& t : {arena->values(), optimizer->m(), optimizer->v(), optimizer->ema()})
      all.push_back(t.to_vector<double>());
    return all;
  }
};

TEST_CASE("step graph: replays draw, learn and count as the step itself does, to the bit") {
  Learner alone, captured;
  StepGraph graph(tested);
  CHECK(captured.learn(&graph, 7) == alone.learn(nullptr, 7));
  CHECK(captured.optimizer->steps() == alone.optimizer->steps());
  CHECK(graph.captured() == (captures ? 1 : 0));
  CHECK(graph.replays() == (captures ? 4 : 0));
}

TEST_CASE("step graph: what others allocate between the runs does not touch it") {
  Learner alone, captured;
  StepGraph graph(tested);
  std::vector<Values> want = alone.learn(nullptr, 6), got;
  for (int i = 0; i < 6; ++i) {
    captured.optimizer->set_lr(0.01 / (i + 1));
    const std::vector<Tensor> xs{input(static_cast<std::uint64_t>(i))};
    for (const Tensor& t : graph.run("learn", xs, [&](const auto& in) { return captured.step(in); }))
      got.push_back(t.to_vector<double>());
    got.push_back({static_cast<double>(captured.noise.position())});
    // Takes whatever is free, overwrites it, and makes the device's own scratch memory grow.
    std::vector<Tensor> others;
    for (const std::int64_t n : {1, 2, 16, 64})
      others.push_back(Tensor::full({n, 3, 3, 4}, 7, DType::f32, tested));
    CHECK(sum(Tensor::full({i + 1, 64, 64, 4}, 1, DType::f32, tested)).item() == (i + 1) * 64 * 64 * 4);
  }
  want.resize(got.size());
  CHECK(got == want);
}

TEST_CASE("step graph: a graph for each key and shape, and later ones run as they are") {
  StepGraph graph(tested);
  const auto twice = [](const std::vector<Tensor>& in) { return std::vector<Tensor>{affine(in[0], 2)}; };
  const auto thrice = [](const std::vector<Tensor>& in) { return std::vector<Tensor>{affine(in[0], 3)}; };
  for (int round = 0; round < 5; ++round)
    for (const std::int64_t n : {1, 2, 3, 4}) {
      const Shape shape{n, 1, 1, 2};
      CHECK(graph.run("twice", {Tensor::full(shape, n, DType::f32, tested)}, twice)[0].to_vector<double>() ==
            Values(static_cast<std::size_t>(2 * n), 2.0 * static_cast<double>(n)));
      CHECK(
          graph.run("thrice", {Tensor::full(shape, n, DType::f32, tested)}, thrice)[0].to_vector<double>() ==
          Values(static_cast<std::size_t>(2 * n), 3.0 * static_cast<double>(n)));
    }
  CHECK(graph.captured() == (captures ? 4 : 0));
}

TEST_CASE("step graph: a step that reads back is refused with the cure, and the device goes on") {
  StepGraph graph(tested);
  const auto reads = [](const std::vector<Tensor>& in) {
    const double value = sum(in[0]).item();
    return std::vector<Tensor>{affine(in[0], value)};
  };
  for (int i = 0; i < 2; ++i) graph.run("reads", {input(1)}, reads);
  if (!captures) return;
  const std::string text = gradcheck::error_of([&] { graph.run("reads", {input(1)}, reads); });
  CHECK(text.starts_with("[step] cannot be captured ("));
  CHECK(text.find("--no-cuda-graph") != std::string::npos);
  CHECK(sum(Tensor::full({1, 1, 1, 5}, 2, DType::f32, tested)).item() == 10);
}

TEST_CASE("step graph: a step that takes more memory each time is refused") {
  StepGraph graph(tested);
  std::vector<Tensor> kept;
  const auto grows = [&](const std::vector<Tensor>& in) {
    kept.push_back(affine(in[0], 1));
    return std::vector<Tensor>{kept.back()};
  };
  for (int i = 0; i < 2; ++i) graph.run("grows", {input(1)}, grows);
  if (!captures) return;
  CHECK(gradcheck::error_of([&] {
          graph.run("grows", {input(1)}, grows);
        }).starts_with("[step] cannot be captured ("));
  CHECK(sum(Tensor::full({1, 1, 1, 5}, 2, DType::f32, tested)).item() == 10);
}

TEST_CASE("step values: written before each publish, in order, at addresses that stay") {
  CapturedScalars values(tested);
  std::uint64_t state = 5;
  std::vector<int> order;
  const void* first = values.add(1, [&](std::uint64_t* words) {
    order.push_back(1);
    words[0] = state++;
  });
  const void* second = values.add(2, [&](std::uint64_t* words) {
    order.push_back(2);
    words[0] = 70, words[1] = 71;
  });
  CHECK(second == static_cast<const std::uint64_t*>(first) + 1);
  for (const std::uint64_t want : {5, 6}) {
    values.publish();
    std::uint64_t got[3];
    copy_bytes(Device{}, got, tested, first, sizeof got);
    CHECK(got[0] == want);
    CHECK(got[1] == 70);
    CHECK(got[2] == 71);
  }
  CHECK(order == std::vector<int>{1, 2, 1, 2});
  CHECK(CapturedScalars::current() == nullptr);
  {
    const CapturedScalars::Use use(values);
    CHECK(CapturedScalars::current() == &values);
  }
  CHECK(CapturedScalars::current() == nullptr);
}

}  // namespace
}  // namespace sumi
