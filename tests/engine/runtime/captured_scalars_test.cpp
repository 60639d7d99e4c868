// Values that change from step to step in a captured step: random numbers, rates and update counts.
// Each replay must produce the bits of an eager step.
#include "engine/runtime/captured_scalars.h"

#include <cuda_runtime.h>

#include "engine/nn.h"
#include "engine/optim.h"
#include "kernels/base/launch.h"
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::numbers;
using gradcheck::tested;
using Values = std::vector<double>;

// One captured step, on a CUDA device.
class Capture {
 public:
  explicit Capture(const std::function<void()>& step) : stream_(exec_on(tested).stream) {
    const CapturedScalars::Use recording(values_);
    SUMI_CUDA_CALL(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal));
    step();
    SUMI_CUDA_CALL(cudaStreamEndCapture(stream_, &graph_));
    SUMI_CUDA_CALL(cudaGraphInstantiate(&exec_, graph_));
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() {
    (void)cudaGraphExecDestroy(exec_);
    (void)cudaGraphDestroy(graph_);
  }
  void run() {
    values_.publish();
    SUMI_CUDA_CALL(cudaGraphLaunch(exec_, stream_));
  }

 private:
  CapturedScalars values_{tested};
  cudaStream_t stream_;
  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t exec_ = nullptr;
};

// Three draws of a step; `many` selects a different step.
std::vector<Tensor> draw(RandomStream& s, bool many) {
  std::vector<Tensor> drawn = {s.normal(Shape::vector(13), DType::f32, tested),
                               s.bernoulli(Shape::vector(6), DType::f32, tested, 0.5)};
  if (many) drawn.push_back(s.uniform(Shape::vector(1001), DType::bf16, tested));
  return drawn;
}
std::vector<Values> on_host(const std::vector<Tensor>& tensors) {
  std::vector<Values> values;
  for (const Tensor& t : tensors) values.push_back(t.to_vector<double>());
  return values;
}

TEST_CASE("step values: a captured step draws what eager steps draw") {
  if (tested.on_host()) return;  // a host captures nothing
  RandomStream eager(7, 3), stream(7, 3);
  for (int i = 0; i < 2; ++i) CHECK(on_host(draw(eager, true)) == on_host(draw(stream, true)));
  std::vector<Tensor> few, many;
  Capture small([&] { few = draw(stream, false); });
  CHECK(stream.position() == eager.position());  // nothing has run yet
  Capture large([&] { many = draw(stream, true); });
  for (const bool which : {false, false, true, false, true, true}) {
    (which ? large : small).run();
    CHECK(on_host(which ? many : few) == on_host(draw(eager, which)));
    CHECK(stream.position() == eager.position());
    // Between replays the stream may be used elsewhere.
    CHECK(on_host(draw(stream, true)) == on_host(draw(eager, true)));
  }
  stream.set_position(5);  // a resumed run
  eager.set_position(5);
  small.run();
  CHECK(on_host(few) == on_host(draw(eager, false)));
  CHECK(stream.position() == eager.position());
}

TEST_CASE("step values: what is drawn on another device is no part of the captured step") {
  if (tested.on_host()) return;
  RandomStream eager(1, 1), stream(1, 1);
  const Values want = eager.normal(Shape::vector(5), DType::f32, Device{}).to_vector<double>();
  Values got;
  Capture step([&] { got = stream.normal(Shape::vector(5), DType::f32, Device{}).to_vector<double>(); });
  CHECK(got == want);
  CHECK(stream.position() == 5);
}

// TestedParameters p0 and p1.
class TestedParameters final : public Module {
 public:
  TestedParameters() {
    for (const std::int64_t count : {40, 100}) {
      values.push_back(
          add_parameter("p" + std::to_string(values.size()), Shape::vector(count), DType::f32, tested, {}));
      values.back().assign(numbers(values.back().shape(), values.size()));
    }
  }
  Shape infer_shape(const Shape& x, Cost&) const override { return x; }
  std::vector<Tensor> values;

 protected:
  Tensor forward(const Tensor& x) override { return x; }
};

struct Training {
  TestedParameters net;
  ParamArena arena{{{"net", &net}}};
  Optimizer optimizer;

  explicit Training(const OptimizerOptions& o) : optimizer(arena, o) { optimizer.steps()[1] = 3; }
  void before_step(int t) {
    arena.begin();
    for (const auto& slot : arena.slots()) {
      slot.grad->grad.assign(numbers(slot.parameter.value.shape(), 50 + static_cast<std::uint64_t>(t)));
      slot.grad->written = true;
    }
    optimizer.set_lr(0.1 / (t + 1));
  }
  std::vector<Values> state() {
    std::vector<Tensor> all = {arena.values(), optimizer.v(), optimizer.ema()};
    if (optimizer.m()) all.push_back(optimizer.m());
    if (optimizer.norm()) all.push_back(optimizer.norm());
    return on_host(all);
  }
};

TEST_CASE("step values: a captured update is an eager one, with its own rate and count") {
  if (tested.on_host()) return;
  for (const OptimizerRule rule : {OptimizerRule::adam, OptimizerRule::adamw, OptimizerRule::rmsprop})
    for (const double clip : {0.0, 0.5}) {
      const OptimizerOptions o{rule, 0, 0.5, 0.9, 1e-8, 0.01, clip, 0.9};
      Training eager(o), replayed(o);
      std::unique_ptr<Capture> capture;
      for (int t = 0; t < 6; ++t) {
        eager.before_step(t);
        eager.optimizer.step();
        replayed.before_step(t);
        if (t == 2) capture = std::make_unique<Capture>([&] { replayed.optimizer.step(); });
        if (capture)
          capture->run();
        else
          replayed.optimizer.step();
        CHECK(replayed.state() == eager.state());
        CHECK(replayed.optimizer.steps() == eager.optimizer.steps());
      }
    }
}

TEST_CASE("step values: counts that no longer agree are an error") {
  if (tested.on_host()) return;
  Training training({});
  training.optimizer.steps()[1] = 0;
  training.before_step(0);
  training.optimizer.step();
  Capture capture([&] { training.optimizer.step(); });
  training.optimizer.steps()[1] = 7;
  CHECK(
      gradcheck::error_of([&] { capture.run(); }) ==
      "[optimizer] net.p0 and net.p1 were updated together in a captured step, but not equally often before; "
      "capture the step anew");
}

TEST_CASE("step values: more words than there is room for") {
  CapturedScalars values(tested);
  values.add(4095, [](std::uint64_t*) {});
  CHECK(gradcheck::error_of([&] { values.add(2, [](std::uint64_t*) {}); }) ==
        "[step] more numbers change from step to step than a captured step can hold");
}

}  // namespace
}  // namespace sumi
