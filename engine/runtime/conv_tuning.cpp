#include "engine/runtime/conv_tuning.h"

#include <algorithm>
#include <chrono>

#include "engine/random.h"
#include "engine/runtime/device.h"
#include "engine/tensor.h"

namespace sumi {
namespace {

using Clock = std::chrono::steady_clock;
using kernels::ConvDirection;

// The fraction of the rule's time that another algorithm must beat: measurements vary by a few
// percent.
constexpr double kGain = 0.97;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The operands of one convolution, and its execution by one algorithm.
class Subject {
 public:
  explicit Subject(const ConvCall& use) : use_(use) {
    RandomStream stream(1, 0);
    const Device cpu{Device::Kind::cpu, 0};
    const auto random = [&](const Shape& shape) { return stream.uniform(shape, DType::f32, cpu, -1, 1); };
    x_ = random(use.geom.x_shape());
    w_ = random(use.geom.w_shape());
    y_ = random(use.geom.y_shape());
  }

  // Returns milliseconds, or -1 if another algorithm ran instead.
  double run(ConvAlgorithm method) {
    auto plan = std::make_shared<ConvPlan>();
    plan->methods[use_.str()] = method;
    Exec exec = exec_on(x_.device());
    KernelLog log;
    exec.log = &log;
    exec.conv = {};
    exec.conv.plan = plan;
    exec.conv_uses = nullptr;
    const auto start = Clock::now();
    if (use_.direction == ConvDirection::fprop)
      kernels::conv_fprop(exec, use_.geom, x_.view(), w_.view(), {}, y_.mutable_view());
    else if (use_.direction == ConvDirection::dgrad)
      kernels::conv_dgrad(exec, use_.geom, y_.view(), w_.view(), {}, x_.mutable_view());
    else
      kernels::conv_wgrad(exec, use_.geom, x_.view(), y_.view(), w_.mutable_view(), Write::overwrite);
    const double ms = milliseconds_since(start);
    const bool onednn = !log.empty() && log.back().find("onednn") != std::string::npos;
    return onednn == (method == ConvAlgorithm::onednn) ? ms : -1;
  }

 private:
  ConvCall use_;
  Tensor x_, w_, y_;
};

void measure(TunedConv& conv, const ConvPolicy& policy, double seconds) {
  Subject subject(conv.use);
  std::vector<ConvAlgorithm> methods;
  for (const ConvAlgorithm m : kConvMethods)
    if (kernels::cpu::conv_possible(m, conv.use) && !(m == ConvAlgorithm::winograd && policy.exact) &&
        subject.run(m) >= 0)  // the first run creates buffers and primitives
      methods.push_back(m);
  std::map<ConvAlgorithm, std::vector<double>> all;
  const auto start = Clock::now();
  const double budget = 1000 * seconds * static_cast<double>(methods.size());
  for (int round = 0; round < 3 || (milliseconds_since(start) < budget && round < 1000); ++round)
    for (const ConvAlgorithm m : methods) all[m].push_back(subject.run(m));
  conv.best = conv.rule;
  for (const auto& [m, values] : all) conv.milliseconds[m] = median(values);
  const auto rule = conv.milliseconds.find(conv.rule);
  double least = rule == conv.milliseconds.end() ? 1e300 : rule->second * kGain;
  for (const auto& [m, ms] : conv.milliseconds)
    if (m != conv.rule && ms < least) conv.best = m, least = ms;
}

}  // namespace

std::vector<TunedConv> tune_convolutions(const ConvCalls& uses, const ConvPolicy& policy, double seconds,
                                         const std::function<bool(std::size_t, std::size_t)>& progress) {
  std::vector<TunedConv> tuned;
  std::map<std::string, std::size_t> places;
  for (const ConvCall& use : uses.uses) {
    const auto [place, fresh] = places.emplace(use.str(), tuned.size());
    if (fresh) {
      tuned.push_back({use, 0, {}, {}, {}});
      tuned.back().rule = kernels::cpu::conv_method(policy, use);
    }
    ++tuned[place->second].count;
  }
  for (std::size_t i = 0; i < tuned.size(); ++i) {
    measure(tuned[i], policy, seconds);
    if (progress(i + 1, tuned.size())) {
      tuned.resize(i + 1);
      break;
    }
  }
  return tuned;
}

ConvPlan plan_of(const std::vector<TunedConv>& tuned) {
  ConvPlan plan;
  for (const TunedConv& conv : tuned) plan.methods[conv.use.str()] = conv.best;
  return plan;
}

}  // namespace sumi
