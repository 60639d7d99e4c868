// The data behind --explain and --check: records of ops, module paths, and the search for NaN.
#include <set>

#include "engine/optim.h"
#include "engine/runtime/trace.h"
#include "tests/engine/gradcheck.h"
#include "tests/engine/nn_networks.h"

namespace sumi {
namespace {

using gradcheck::numbers;

TEST_CASE("trace: records name op, module, phase and shapes, forward and backward") {
  const auto d = networks::discriminator(DType::f64, gradcheck::ref);
  RandomStream stream(1, 1);
  initialize(*d, {"normal", 0.2}, stream);
  ParamArena arena({{"d", d.get()}});
  const Tensor x = numbers({2, 16, 16, 3}, 1);
  std::vector<OpRecord> records;
  {
    Trace trace;
    Tape tape;
    tape.backward(loss_mean(Loss::bce_logits, (*d)(x), 1));
    records = trace.records;
  }
  (*d)(x);  // after the trace: recorded nowhere
  const auto find = [&](const std::string& op, const std::string& module) {
    for (const OpRecord& r : records)
      if (r.op == op && r.module == module) return r;
    FAIL_CHECK("no " << op << " in " << module);
    return OpRecord{};
  };
  REQUIRE(!records.empty());
  CHECK(records[0].op == "conv2d");
  const OpRecord conv = find("conv2d", "d.main.2");
  CHECK(conv.phase == "forward");
  CHECK(conv.inputs == std::vector<Shape>{{2, 8, 8, 8}, {16, 4, 4, 8}});
  CHECK(conv.output == Shape{2, 4, 4, 16});
  CHECK(conv.seconds >= 0);
  CHECK(find("leaky_relu", "d.main.0").phase == "forward");
  CHECK(find("norm_act", "d.main.2").output == Shape{2, 4, 4, 16});
  CHECK(find("norm_grad", "d.main.2").phase == "backward");
  CHECK(find("bce_logits", "").output == Shape::scalar());
  const OpRecord weight = find("conv2d_weight_grad", "d.main.0");
  CHECK(weight.phase == "backward");
  CHECK(weight.output == Shape{8, 4, 4, 3});
  // The image requires no gradient, so the first layer computes none for it.
  for (const OpRecord& r : records) CHECK_FALSE((r.op == "conv2d_input_grad" && r.module == "d.main.0"));
  CHECK(module_path().empty());
}

TEST_CASE("trace: kernels that ran are named on the CPU") {
  const Tensor x = gradcheck::convert(numbers({1, 8, 8, 8}, 1), DType::f32, gradcheck::tested);
  const Tensor w = gradcheck::convert(numbers({8, 3, 3, 8}, 2), DType::f32, gradcheck::tested);
  Trace trace;
  conv2d(x, w, {}, ConvOptions::same_pads(1, 1));
  REQUIRE(trace.records.size() == 1);
  CHECK_FALSE(trace.records[0].kernels.empty());
}

TEST_CASE("trace: a transposed convolution and its derivatives keep their names, to the second order") {
  Tensor x = gradcheck::convert(numbers({1, 3, 3, 2}, 1), DType::f32, gradcheck::tested);
  Tensor w = gradcheck::convert(numbers({2, 4, 4, 3}, 2), DType::f32, gradcheck::tested);
  x.set_requires_grad(true);
  w.set_requires_grad(true);
  Trace trace;
  Tape tape;
  const auto first =
      tape.grad(sum(square(conv_transpose2d(x, w, {}, ConvOptions::same_pads(2, 1)))), {x, w}, true);
  tape.backward(add(sum(square(first[0])), sum(square(first[1]))));
  std::set<std::string> convs;
  for (const OpRecord& r : trace.records) {
    if (!r.op.starts_with("conv")) continue;
    convs.insert(r.op);
    for (const std::string& kernel : r.kernels) {
      CAPTURE(r.op);
      CHECK(kernel.starts_with(r.op == "conv_transpose2d"              ? "conv_transpose_fprop: "
                               : r.op == "conv_transpose2d_input_grad" ? "conv_transpose_dgrad: "
                                                                       : "conv_transpose_wgrad: "));
    }
  }
  CHECK(convs == std::set<std::string>{"conv_transpose2d", "conv_transpose2d_input_grad",
                                       "conv_transpose2d_weight_grad"});
}

// Restores the mode that other tests expect, also if a check throws.
struct AnomalyMode {
  AnomalyMode() { set_anomaly_mode(true); }
  ~AnomalyMode() {
    set_anomaly_mode(false);
    set_anomaly_step(-1);
  }
};

TEST_CASE("trace: anomaly mode names op, module, shape and step") {
  const auto d = networks::discriminator(DType::f64, gradcheck::ref);
  RandomStream stream(1, 1);
  initialize(*d, {}, stream);
  const Tensor x = numbers({2, 16, 16, 3}, 1);
  const AnomalyMode mode;
  set_anomaly_step(17);
  CHECK(gradcheck::error_of([&] { (*d)(x); }).empty());
  std::vector<double> w = d->parameters()[1].value.to_vector<double>();
  w[0] = std::nan("");
  d->parameters()[1].value.assign(w);
  CHECK(gradcheck::error_of([&] { (*d)(x); }) ==
        "[check] 18 of 512 values are NaN or infinite in the forward result of conv2d (2x4x4x16) in d.main.2 "
        "at step 17");
  CHECK(module_path().empty());  // the scopes were left in good order

  const Tensor zero = gradcheck::leaves({Tensor::zeros({1, 1, 1, 2}, DType::f64, gradcheck::ref)})[0];
  Tape tape;
  const Tensor y = sum(sqrt(zero));
  CHECK(gradcheck::error_of([&] { tape.backward(y); }) ==
        "[check] 2 of 2 values are NaN or infinite in the backward result of unary_grad (1x1x1x2) in no "
        "module at step 17");
}

}  // namespace
}  // namespace sumi
