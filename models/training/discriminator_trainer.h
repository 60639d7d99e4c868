// A discriminator and everything that trains it: network, optimizer, loss and stabilizers. Every adversarial model has one for
// each network that judges.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/objectives/augment.h"
#include "models/objectives/gan_loss.h"
#include "models/training/trainable_networks.h"

namespace sumi {

// The weight of the gradient penalty: --gp, or 10 for wgan-gp (Gulrajani 2017).
double gradient_penalty_weight(const TrainOptions& options);

class DiscriminatorTrainer {
 public:
  // One more loss, of what the head makes of the discriminator's features.
  using AuxiliaryLoss = std::function<Tensor(const Tensor& head)>;
  // What the discriminator is shown: pictures [n,h,w,c] that it should take for real, or not, and how much that counts.
  // `condition` [n,1,1,k], where there is one, is shown as k more channels, the same at every place.
  struct DiscriminatorInput {
    Tensor pictures;
    bool real = false;
    double weight = 1;
    Tensor condition = {};
    AuxiliaryLoss head_loss = {};
  };
  // Without gradients. real_logits and fake_logits are the raw outputs for the first of each kind.
  struct DiscriminatorStats {
    Tensor loss;     // the weighted sum of the losses of all that was shown
    Tensor penalty;  // gradient penalty and R1 as they count in the gradient; absent without them
    Tensor real_logits, fake_logits;
  };

  // `d` is initialized already. `name` is the network's in checkpoints: "d", "d_a". `stream` is the number of its own
  // stream of random numbers. `head`, where there is one, learns with `d` from the features before d's last layer, and is
  // called "q" (InfoGAN).
  DiscriminatorTrainer(const TrainOptions& options, std::string name, std::unique_ptr<Sequential> d,
                       std::uint64_t stream, std::unique_ptr<Sequential> head = nullptr);

  // One update by the mean gradient of one or several batches. What is shown is detached; the tape holds what it held
  // before. Outputs are those of the last batch.
  DiscriminatorStats train(Tape& tape, const std::vector<std::vector<DiscriminatorInput>>& batches);
  // The gradients alone, of one batch, times `scale`, added to those that are there.
  DiscriminatorStats look(Tape& tape, const std::vector<DiscriminatorInput>& shown, double scale = 1);

  // What a generator minimizes that drew `fake`: the adversarial loss and, where asked for, feature matching with `real`.
  // Recorded on the current tape; call it and the walk back with the weights frozen:
  //   const Frozen frozen(adversary.arena());
  Tensor generator_loss(const Tensor& fake, const Tensor& real, const Tensor& condition = {},
                        const AuxiliaryLoss& head_loss = {});

  // --r1-every: whether the next step has the penalty on real pictures. Ask before the step, and tell it: a captured step
  // cannot ask.
  bool penalty_due() const;
  void set_penalty_due(bool due) { r1_due_ = due; }

  Sequential& network() { return *d_; }
  Sequential* head() { return head_.get(); }
  ParamArena& arena() { return group_->arena(); }
  TrainableNetworks& group() { return *group_; }
  const GanLoss& loss() const { return loss_; }
  const std::string& name() const { return name_; }
  double rate() const { return rate_; }
  // Its random numbers, and whether the options make it draw any.
  RandomStream& stream() { return stream_; }
  bool draws() const { return gp_ > 0 || noise_ > 0 || augmentation_.any() || random_labels_; }

 private:
  // As it is shown: with noise, augmentation and condition.
  Tensor shown(const Tensor& pictures, const Tensor& condition);
  // d's logits, and its features where `wanted`.
  struct Seen {
    Tensor features, logits;
  };
  Seen see(const Tensor& x, bool wanted);
  Tensor gradient_penalty(Tape& tape, const Tensor& real, const Tensor& fake);
  Tensor r1_penalty(Tape& tape, const Tensor& real);
  // The gradient of the sum of d's outputs by x, to be differentiated again: [n,1,1,1] sums of its squares.
  Tensor squared_gradient(Tape& tape, const Tensor& x);

  std::string name_;
  std::unique_ptr<Sequential> d_, head_;
  std::unique_ptr<TrainableNetworks> group_;
  GanLoss loss_;
  Augmentation augmentation_;
  double rate_, gp_, r1_, clip_weights_, noise_, feature_matching_;
  int r1_every_;
  bool random_labels_, r1_due_ = false;
  RandomStream stream_;
};

}  // namespace sumi
