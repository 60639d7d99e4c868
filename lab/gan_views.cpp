// What the lab's pages show of a GAN.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "lab/gan.h"

namespace sumi::lab {
namespace {

// Inference mode of a network while it lives, so that looking at a network does not change it.
class Inference {
 public:
  explicit Inference(Module& network) : network_(network) { network_.set_training(false); }
  Inference(const Inference&) = delete;
  Inference& operator=(const Inference&) = delete;
  ~Inference() { network_.set_training(true); }

 private:
  Module& network_;
};

}  // namespace

Tensor GanSession::generated(const Tensor& z) {
  if (!z) fail("latent", "is missing");
  return generator_->infer(*g_, z, settings_.show_ema);
}

Tensor GanSession::judged(const Tensor& x) {
  if (!x) fail("points", "are missing");
  const NoGrad no_grad;
  const Inference mode(*d_);
  // Minibatch discrimination compares the samples of a batch; here each point is judged alone.
  const std::int64_t each = options_.minibatch_discrimination > 0 ? 1 : x.shape().n;
  std::vector<Tensor> parts;
  for (std::int64_t i = 0; i < x.shape().n; i += each) parts.push_back((*d_)(x.batch_slice(i, each)));
  const Tensor logits = parts.size() == 1 ? parts[0] : concat(parts, 0);
  const bool probability = options_.gan_mode == "vanilla" || options_.gan_mode == "saturating";
  return probability ? sigmoid(logits) : logits;
}

Tensor GanSession::pull() {
  const Tensor samples = generated(fixed_noise_).detach();
  const Inference mode(*d_);
  const FreezeGuard frozen(discriminator_->arena());
  samples.set_requires_grad(true);
  Tape tape;
  tape.backward(discriminator_->loss().generator((*d_)(samples)));
  const NoGrad no_grad;
  return affine(samples.grad(), -static_cast<double>(samples.shape().n));
}

Tensor GanSession::status() const {
  const std::vector<double> all = {static_cast<double>(step_),
                                   static_cast<double>(phase_),
                                   static_cast<double>(critic_),
                                   status_[0],
                                   status_[1],
                                   status_[2],
                                   status_[3],
                                   status_[4],
                                   static_cast<double>(undo_.size())};
  return Tensor::from(all, Shape::vector(static_cast<std::int64_t>(all.size())), DType::f32, {});
}

// The gradients of the current step; zeros where none has been computed.
Tensor GanSession::gradient(ParamArena& arena) const {
  std::vector<float> values = arena.gradients().to_vector<float>();
  for (const ParamArena::Slot& slot : arena.slots())
    if (!slot.grad->written) std::fill_n(values.begin() + slot.offset, slot.count, 0.0F);
  return Tensor::from(values, arena.gradients().shape(), DType::f32, {});
}

Tensor GanSession::get(const std::string& name) {
  refresh();
  if (name == "status") return status();
  if (name == "samples") return generated(fixed_noise_);
  if (name == "mapped") return generated(latent_points_);
  if (name == "field") return judged(points_);
  if (name == "pull") return pull();
  if (name == "g") return generator_->arena().values();
  if (name == "d") return discriminator_->arena().values();
  if (name == "g_gradient") return gradient(generator_->arena());
  if (name == "d_gradient") return gradient(discriminator_->arena());
  const std::pair<const char*, const Tensor*> current[] = {
      {"real", &real_},
      {"fake", &fake_},
      {"noise", &z_},
      {"fake_gradient", &fake_gradient_},
      {"real_scores", &stats_.real_logits},
      {"fake_scores", &stats_.fake_logits},
  };
  for (const auto& [known, tensor] : current) {
    if (name != known) continue;
    if (!*tensor) fail(name, "has no value in this phase");
    return *tensor;
  }
  fail_unknown("tensor", name);
}

std::string GanSession::describe(const std::string& name) {
  refresh();
  if (name != "g" && name != "d") return Session::describe(name);
  ParamArena& arena = name == "g" ? generator_->arena() : discriminator_->arena();
  std::string text;
  for (const ParamArena::Slot& slot : arena.slots())
    text += fmt::format("{} {} {} {}\n", slot.parameter.name, slot.offset, slot.count,
                        slot.parameter.value.shape().str());
  return text;
}

}  // namespace sumi::lab
