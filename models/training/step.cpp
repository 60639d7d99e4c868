#include "models/training/step.h"

#include <algorithm>

#include "engine/runtime/trace.h"
#include "models/training/batched_forward.h"

namespace sumi {
namespace {

using Named = std::vector<std::pair<std::string, Tensor>>;

Tensor& entry(Named& all, const std::string& name) {
  for (auto& [known, tensor] : all)
    if (known == name) return tensor;
  return all.emplace_back(name, Tensor{}).second;
}

Tensor sum_of(const Tensor& sum, const Tensor& next) {
  return sum ? add(sum, next) : next;
}

// During its lifetime, freezes the parameters of all networks except `learning`: a generator's loss
// passes through a discriminator whose own gradients are not needed.
class FreezeOthers {
 public:
  FreezeOthers(const std::vector<TrainableNetworks*>& all, const TrainableNetworks& learning)
      : all_(all), learning_(learning) {
    set(true);
  }
  ~FreezeOthers() { set(false); }
  FreezeOthers(const FreezeOthers&) = delete;
  FreezeOthers& operator=(const FreezeOthers&) = delete;

 private:
  void set(bool frozen) {
    for (TrainableNetworks* networks : all_)
      if (networks != &learning_) networks->arena().set_frozen(frozen);
  }
  const std::vector<TrainableNetworks*>& all_;
  const TrainableNetworks& learning_;
};

}  // namespace

Tensor& MicroBatch::operator[](const std::string& name) {
  return entry(named_, name);
}

Tensor MicroBatch::generate(const std::string& name, const std::function<Tensor()>& make) {
  Tensor& made = entry(named_, name);
  const bool on_tape = std::find(recorded_.begin(), recorded_.end(), name) != recorded_.end();
  if (made && (on_tape || phase_ == Phase::no_gradients)) return made;
  if (phase_ == Phase::recorded) {
    recorded_.push_back(name);
    return made = make();
  }
  const NoGrad no_grad;
  return made = make();
}

void Losses::add(const std::string& name, double weight, const Tensor& term) {
  Tensor counted = weight == 1 ? term : affine(term, weight);
  if (share_ != 1) counted = affine(counted, share_);
  note(name, counted, true);
  total_ = sum_of(total_, counted);
}

void Losses::add(const std::string& name, double weight, const std::function<Tensor()>& term) {
  if (weight != 0)
    add(name, weight, term());
  else
    skip(name);
}

void Losses::skip(const std::string& name) {
  note(name, Tensor::zeros(Shape::scalar(), like_.dtype(), like_.device()), true);
}

void Losses::report(const std::string& name, const Tensor& value) {
  note(name, value, false);
}

void Losses::note(const std::string& name, const Tensor& value, bool weighted) {
  const NoGrad no_grad;
  for (Reported& r : reported_)
    if (r.name == name) {
      r.sum = sumi::add(r.sum, value.detach());
      return;
    }
  reported_.push_back({name, value.detach(), weighted});
}

void Losses::backward() {
  if (total_) tape_.backward(total_);
  total_ = {};
}

Tensor Losses::forward_with(Module& net, const Tensor& x, const Tensor& other,
                            const std::function<void(const Tensor&)>& add_loss) {
  if (can_batch(net, x, other)) {
    const auto [y, of_other] = forward_pair(net, x, other);
    add_loss(of_other);
    return y;
  }
  add_loss(net(other));
  backward();
  return net(x);
}

Step::Step(const Kind& kind, const std::vector<Tensor>& inputs, int n_critic, int accumulate,
           std::vector<TrainableNetworks*> networks)
    : kind_(kind), inputs_(inputs), rounds_(n_critic), parts_(accumulate), networks_(std::move(networks)) {}

void Step::run(const std::function<void()>& round) {
  for (round_ = 0; round_ < rounds_; ++round_) {
    begin_round();
    round();
    if (updates_generators()) break;  // round_ stays at the last round
  }
}

void Step::begin_round() {
  const std::int64_t count = std::int64_t{rounds_} * parts_, n = inputs_.at(0).shape().n / count;
  batches_.assign(static_cast<std::size_t>(parts_), {});
  std::int64_t at = round_ * parts_ * n;
  for (MicroBatch& batch : batches_) {
    for (const Tensor& domain : inputs_)
      batch.inputs_.push_back(count == 1 ? domain : domain.batch_slice(at, n));
    at += n;
  }
}

void Step::enter(MicroBatch::Phase phase) {
  for (MicroBatch& batch : batches_) batch.phase_ = phase;
}

void Step::minimize(TrainableNetworks& networks, const LossFunction& losses) {
  if (!updates_generators()) return;
  enter(MicroBatch::Phase::recorded);
  const FreezeOthers frozen(networks_, networks);
  networks.begin_gradients();
  Losses sum(tape_, batches_.size(), inputs_[0]);
  for (MicroBatch& batch : batches_) {
    losses(batch, sum);
    sum.backward();
  }
  networks.update();
  const NoGrad no_grad;
  for (const Losses::Reported& r : sum.reported_)
    report(r.name, r.weighted || batches_.size() == 1 ? r.sum : affine(r.sum, sum.share_));
  trace_update(networks.names());
}

DiscriminatorStats Step::train(DiscriminatorTrainer& d, const Shown& shown) {
  const bool stays = updates_generators() && batches_.size() == 1;
  enter(stays ? MicroBatch::Phase::recorded : MicroBatch::Phase::no_gradients);
  std::vector<DiscriminatorInputs> inputs;
  for (MicroBatch& batch : batches_) inputs.push_back(shown(batch));
  const DiscriminatorStats stats = d.train(tape_, inputs);
  report("loss_" + d.name(), stats.loss);
  trace_update(d.name());
  if (d.name() != "d" || !updates_generators()) return stats;
  report("d_real", d.loss().mean_score(stats.real_logits));
  report("d_fake", d.loss().mean_score(stats.fake_logits));
  return stats;
}

void Step::skip(const DiscriminatorTrainer& d) {
  const Tensor zero = Tensor::zeros(Shape::scalar(), inputs_[0].dtype(), inputs_[0].device());
  for (const std::string& name : {"loss_" + d.name(), d.name() + "_real", d.name() + "_fake"})
    report(name, zero);
}

void Step::without_gradients(const std::function<void(MicroBatch&)>& make) {
  enter(MicroBatch::Phase::no_gradients);
  const NoGrad no_grad;
  for (MicroBatch& batch : batches_) make(batch);
}

void Step::report(const std::string& name, const Tensor& value) {
  entry(reported_, name) = value.detach();
}

Named Step::reported() const {
  Named all = reported_;
  std::stable_partition(all.begin(), all.end(),
                        [](const auto& stat) { return stat.first.starts_with("loss"); });
  return all;
}

Named Step::debug_tensors() const {
  Named all = batches_.back().named_;
  for (auto& [name, tensor] : all) tensor = tensor.detach();
  return all;
}

}  // namespace sumi
