#include "engine/graph/fuse.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace sumi::graph {
namespace {

using Kind = Step::Kind;

bool is_activation(const Step& s) {
  return s.kind == Kind::unary && (s.act == Unary::relu || s.act == Unary::tanh || s.act == Unary::sigmoid ||
                                   (s.act == Unary::leaky_relu && s.alpha > 0));
}

bool is_map(const Step& s) {
  return s.kind == Kind::conv || s.kind == Kind::conv_transpose;
}

// A plan with the users of each step.
class Fuser {
 public:
  explicit Fuser(Plan& plan) : plan_(plan) {}

  // Norms that were written out. Their statistics and intermediate results are then unused.
  void find_norms();
  // Scales and shifts of channels into the convolution or norm before them.
  void fold_affine();
  // norm, activation, residual and padding into the convolution before them.
  void join_blocks();

 private:
  Step& at(int i) { return plan_.steps[static_cast<std::size_t>(i)]; }
  const Step& at(int i) const { return plan_.steps[static_cast<std::size_t>(i)]; }
  bool is(int i, Kind kind) const { return at(i).kind == kind; }
  bool is_unary(int i, Unary act) const { return is(i, Kind::unary) && at(i).act == act; }
  bool single(int i) const { return uses_[static_cast<std::size_t>(i)] == 1; }
  void count() { uses_ = use_counts(plan_); }
  void replace(int old, int by);
  // A step without a result, which no longer counts as a use.
  void retire(int i) { at(i) = Step(); }

  // The image whose mean over pixels (and channels) step i is.
  std::optional<int> mean_of(int i) const;
  struct Spread {
    int x, mean;
    double eps = 0;
  };
  // Step i is the variance of x around `mean`; its standard deviation; one over that.
  std::optional<Spread> variance(int i) const;
  std::optional<Spread> deviation(int i) const;
  std::optional<Spread> inverse(int i) const;
  // Step i is x normalized, without scale and shift.
  std::optional<Spread> normalized(int i) const;
  bool become_norm(int i, const Spread& s, Tensor gamma, Tensor beta);
  bool whiten(int i);
  bool layer_norm(int i);
  bool restyle(int i);
  bool join_one(int i);

  Plan& plan_;
  std::vector<int> uses_;
};

void Fuser::replace(int old, int by) {
  for (Step& step : plan_.steps)
    for (int& input : step.inputs)
      if (input == old) input = by;
  if (plan_.result == old) plan_.result = by;
}

std::optional<int> Fuser::mean_of(int i) const {
  const Step& s = at(i);
  if (s.kind != Kind::sum_to) return std::nullopt;
  const Shape& x = at(s.inputs[0]).shape;
  const bool pixels =
      x.n == 1 && s.shape.n == 1 && s.shape.h == 1 && s.shape.w == 1 && (s.shape.c == x.c || s.shape.c == 1);
  const double covered = double(x.count()) / double(s.shape.count());
  if (!pixels || x.h * x.w == 1 || std::abs(s.scale * covered - 1) > 1e-9) return std::nullopt;
  return s.inputs[0];
}

std::optional<Fuser::Spread> Fuser::variance(int i) const {
  const auto squares = mean_of(i);
  if (!squares || !is_unary(*squares, Unary::square)) return std::nullopt;
  const int difference = at(*squares).inputs[0];
  if (!is(difference, Kind::sub)) return std::nullopt;
  const int x = at(difference).inputs[0], mean = at(difference).inputs[1];
  if (mean_of(mean) != x || !(at(mean).shape == at(i).shape)) return std::nullopt;
  return Spread{x, mean};
}

std::optional<Fuser::Spread> Fuser::deviation(int i) const {
  if (!is_unary(i, Unary::sqrt)) return std::nullopt;
  const int sum = at(i).inputs[0];
  if (!is(sum, Kind::affine) || at(sum).scale != 1 || at(sum).shift < 0) return std::nullopt;
  auto found = variance(at(sum).inputs[0]);
  if (found) found->eps = at(sum).shift;
  return found;
}

std::optional<Fuser::Spread> Fuser::inverse(int i) const {
  return is_unary(i, Unary::reciprocal) ? deviation(at(i).inputs[0]) : std::nullopt;
}

std::optional<Fuser::Spread> Fuser::normalized(int i) const {
  const Step& s = at(i);
  if (s.kind != Kind::mul && s.kind != Kind::div) return std::nullopt;
  for (const int first : {0, 1}) {
    const int centered = s.inputs[static_cast<std::size_t>(first)],
              scale = s.inputs[static_cast<std::size_t>(1 - first)];
    if (s.kind == Kind::div && first == 1) break;
    if (!is(centered, Kind::sub)) continue;
    const auto found = s.kind == Kind::mul ? inverse(scale) : deviation(scale);
    if (found && at(centered).inputs[0] == found->x && at(centered).inputs[1] == found->mean) return found;
  }
  return std::nullopt;
}

bool Fuser::become_norm(int i, const Spread& s, Tensor gamma, Tensor beta) {
  Step norm;
  norm.kind = Kind::norm;
  norm.inputs = {s.x};
  norm.shape = at(s.x).shape;
  norm.norm.groups = at(s.mean).shape.c == 1 ? 1 : norm.shape.c;
  norm.norm.eps = s.eps;
  norm.gamma = std::move(gamma);
  norm.beta = std::move(beta);
  norm.name = at(i).name;
  at(i) = std::move(norm);
  return true;
}

bool Fuser::whiten(int i) {
  const auto found = normalized(i);
  return found && become_norm(i, *found, {}, {});
}

// x g + (beta - mean g) with g = gamma / deviation: TensorFlow's order of operations.
bool Fuser::layer_norm(int i) {
  if (!is(i, Kind::add)) return false;
  for (const std::size_t first : {std::size_t{0}, std::size_t{1}}) {
    const int product = at(i).inputs[first], rest = at(i).inputs[1 - first];
    if (!is(product, Kind::mul) || (!is(rest, Kind::sub) && !is(rest, Kind::affine))) continue;
    // rest = beta - mean g; without beta it is -1 (mean g).
    const bool has_beta = is(rest, Kind::sub);
    const int beta = has_beta ? at(rest).inputs[0] : -1;
    const int shifted = at(rest).inputs.back();
    if (has_beta && !(is(beta, Kind::constant) && at(beta).weight)) continue;
    if (!has_beta && (at(rest).scale != -1 || at(rest).shift != 0)) continue;
    if (!is(shifted, Kind::mul)) continue;
    for (const std::size_t g_first : {std::size_t{0}, std::size_t{1}}) {
      const int g = at(product).inputs[g_first], x = at(product).inputs[1 - g_first];
      int root = g;
      Tensor gamma;
      if (is(g, Kind::mul))
        for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
          const Step& factor = at(at(g).inputs[k]);
          if (factor.kind != Kind::constant || !factor.weight) continue;
          gamma = factor.weight;
          root = at(g).inputs[1 - k];
        }
      const auto found = inverse(root);
      if (!found || found->x != x) continue;
      const std::vector<int>& parts = at(shifted).inputs;
      if (!((parts[0] == g && parts[1] == found->mean) || (parts[1] == g && parts[0] == found->mean)))
        continue;
      const Shape vector = Shape::vector(at(x).shape.c);
      const Tensor shift = has_beta ? at(beta).weight : Tensor();
      if ((gamma && !(gamma.shape() == vector)) || (shift && !(shift.shape() == vector))) continue;
      return become_norm(i, *found, gamma, shift);
    }
  }
  return false;
}

// norm(x) s + m with the deviation s and mean m of another image (AnimeGANv3's LADE): both
// statistics by one step each.
bool Fuser::restyle(int i) {
  const auto moments = [&](int step, const Spread& s, double which) {
    Step moment;
    moment.kind = Kind::moments;
    moment.inputs = {s.x};
    moment.norm.groups = at(s.x).shape.c;
    moment.scale = which;
    moment.shape = at(step).shape;
    moment.name = at(step).name;
    at(step) = std::move(moment);
  };
  if (const auto found = variance(i); found && at(i).shape.c == at(found->x).shape.c) {
    moments(i, *found, 2);
    return true;
  }
  return false;
}

void Fuser::find_norms() {
  const int count = static_cast<int>(plan_.steps.size());
  for (int i = 0; i < count; ++i)
    if (!whiten(i)) layer_norm(i);
  drop_unused(plan_);
  for (int i = static_cast<int>(plan_.steps.size()) - 1; i >= 0; --i) restyle(i);
  drop_unused(plan_);
}

// --- affine maps of channels

Tensor product(const Tensor& a, const Tensor& b) {
  return a && b ? mul(a, b) : a ? a : b;
}
Tensor total(const Tensor& a, const Tensor& b) {
  return a && b ? add(a, b) : a ? a : b;
}

void Fuser::fold_affine() {
  count();
  for (int i = 1; i < static_cast<int>(plan_.steps.size()); ++i) {
    if (!is(i, Kind::channel_affine) && !is(i, Kind::affine)) continue;
    const int before = at(i).inputs[0];
    Step& target = at(before);
    const bool fits = (is_map(target) || target.kind == Kind::norm || target.kind == Kind::channel_affine) &&
                      single(before);
    if (!fits) continue;
    const Step step = at(i);
    Tensor gamma = step.gamma, beta = step.beta;
    if (step.kind == Kind::affine) {
      const Shape vector = Shape::vector(step.shape.c);
      const Device device = is_map(target) ? target.weight.device() : Device{};
      if (!is_map(target) && !target.gamma && !target.beta) continue;
      const Device place = is_map(target) ? device : (target.gamma ? target.gamma : target.beta).device();
      if (step.scale != 1) gamma = Tensor::full(vector, step.scale, plan_.dtype, place);
      if (step.shift != 0) beta = Tensor::full(vector, step.shift, plan_.dtype, place);
    }
    if (is_map(target)) {
      const Shape w = target.weight.shape();
      const bool transposed = target.kind == Kind::conv_transpose;
      if (transposed && target.conv.groups != 1) continue;
      if (gamma) target.weight = mul(target.weight, transposed ? gamma : reshape(gamma, {w.n, 1, 1, 1}));
      if (gamma && target.bias) target.bias = mul(target.bias, gamma);
      target.bias = total(target.bias, beta);
    } else {
      const Tensor old_beta = target.beta;
      target.gamma = product(target.gamma, gamma);
      target.beta = total(old_beta && gamma ? mul(old_beta, gamma) : old_beta, beta);
    }
    replace(i, before);
    retire(i);
    count();
  }
  drop_unused(plan_);
}

// --- blocks

bool Fuser::join_one(int i) {
  if (at(i).inputs.empty()) return false;
  const Step step = at(i);
  const int before = step.inputs[0];
  Step& target = at(before);
  const bool plain = !target.has_residual && !target.pad.any();
  const bool alone = single(before);
  if (step.kind == Kind::norm && is_map(target) && alone && plain && target.act == Unary::identity &&
      !target.has_norm) {
    target.has_norm = true;
    target.norm = step.norm;
    target.gamma = step.gamma;
    target.beta = step.beta;
    replace(i, before);
    return true;
  }
  const bool takes_activation = is_map(target) || target.kind == Kind::norm ||
                                target.kind == Kind::channel_affine || target.kind == Kind::norm_modulate;
  if (is_activation(step) && takes_activation && alone && plain && target.act == Unary::identity) {
    target.act = step.act;
    target.alpha = step.alpha;
    replace(i, before);
    return true;
  }
  if (step.kind == Kind::pad && (is_map(target) || target.kind == Kind::resize) && alone &&
      !target.pad.any()) {
    target.pad = step.pad;
    target.shape = step.shape;
    replace(i, before);
    return true;
  }
  if (step.kind != Kind::add || !(at(step.inputs[0]).shape == at(step.inputs[1]).shape)) return false;
  for (const std::size_t k : {std::size_t{1}, std::size_t{0}}) {
    const int block = step.inputs[k], residual = step.inputs[1 - k];
    Step& map = at(block);
    // The residual must be known before the block runs.
    if (!is_map(map) || !single(block) || map.has_residual || map.pad.any() || residual >= block) continue;
    map.has_residual = true;
    map.inputs.push_back(residual);
    replace(i, block);
    return true;
  }
  return false;
}

void Fuser::join_blocks() {
  count();
  for (int i = 1; i < static_cast<int>(plan_.steps.size()); ++i)
    if (join_one(i)) {
      retire(i);
      count();
    }
  drop_unused(plan_);
}

// norm, then a product and a sum with statistics of one image: gamma and beta of the norm.
void join_modulation(Plan& plan) {
  std::vector<int> uses = use_counts(plan);
  const auto& steps = plan.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != Kind::add) continue;
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
      const auto m = static_cast<std::size_t>(steps[i].inputs[k]);
      const int beta = steps[i].inputs[1 - k];
      const Shape vector = Shape::vector(steps[i].shape.c);
      if (steps[m].kind != Kind::mul || uses[m] != 1 ||
          !(steps[static_cast<std::size_t>(beta)].shape == vector))
        continue;
      for (const std::size_t j : {std::size_t{0}, std::size_t{1}}) {
        const auto n = static_cast<std::size_t>(steps[m].inputs[j]);
        const int gamma = steps[m].inputs[1 - j];
        const Step& norm = steps[n];
        if (norm.kind != Kind::norm || uses[n] != 1 || norm.gamma || norm.beta ||
            norm.act != Unary::identity || norm.shape.n != 1 ||
            !(steps[static_cast<std::size_t>(gamma)].shape == vector))
          continue;
        Step joined = norm;
        joined.kind = Kind::norm_modulate;
        joined.inputs = {norm.inputs[0], gamma, beta};
        plan.steps[i] = std::move(joined);
        uses = use_counts(plan);
        break;
      }
      if (steps[i].kind != Kind::add) break;
    }
  }
  drop_unused(plan);
}

}  // namespace

void fuse(Plan& plan) {
  const NoGrad no_grad;
  drop_unused(plan);
  Fuser fuser(plan);
  fuser.find_norms();
  join_modulation(plan);
  fuser.fold_affine();
  fuser.join_blocks();
}

}  // namespace sumi::graph
