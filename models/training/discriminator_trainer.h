// A discriminator with its optimizer, loss and stabilizers. Every adversarial model has one for each of its discriminators.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/objectives/augment.h"
#include "models/objectives/gan_loss.h"
#include "models/training/rng_streams.h"
#include "models/training/trainable_networks.h"

namespace sumi {

// One more loss, computed from what a head makes of the discriminator's features.
using AuxiliaryLoss = std::function<Tensor(const Tensor& head)>;

// Images [n,h,w,c] that the discriminator should take for real, or for generated.
struct DiscriminatorInput {
  Tensor images;
  bool real = false;
  double weight = 1;                  // of their loss
  Tensor condition = {};              // [n,1,1,k]: k more channels, the same at every pixel
  AuxiliaryLoss auxiliary_loss = {};  // added to their loss
};
using DiscriminatorInputs = std::vector<DiscriminatorInput>;

// What an update reports, without gradients.
struct DiscriminatorStats {
  Tensor loss;     // the weighted sum over all inputs
  Tensor penalty;  // gradient penalty and R1, as they count in the gradient; absent without them
  Tensor real_logits, fake_logits;  // for the first input of each kind
};

class DiscriminatorTrainer {
 public:
  // `d` is initialized already; its name is that of the statistics and checkpoints: "d", "d_a". `head`, where there is one, is
  // trained with it from the features before d's last layer (InfoGAN's q). Both must outlive this.
  DiscriminatorTrainer(const TrainOptions& options, Module& d, RngStream stream, Module* head = nullptr);

  // One update by the mean gradient of one or several micro-batches. Inputs are detached; the tape holds what it held before.
  // Logits are those of the last micro-batch.
  DiscriminatorStats train(Tape& tape, const std::vector<DiscriminatorInputs>& micro_batches);
  // The gradients alone, of one micro-batch, times `scale`, added to those that are there.
  DiscriminatorStats accumulate_gradients(Tape& tape, const DiscriminatorInputs& inputs, double scale = 1);

  // The generator's loss on `fake`: adversarial, plus feature matching with `real` if enabled. Recorded on the current tape;
  // Step::minimize() freezes the discriminator meanwhile.
  Tensor generator_loss(const Tensor& fake, const Tensor& real, const Tensor& condition = {},
                        const AuxiliaryLoss& auxiliary_loss = {});

  // --r1-interval: whether the next step has the penalty on real images. Asked before the step, which is told: a captured step
  // cannot ask.
  bool penalty_due();
  void set_penalty_due(bool due) { r1_due_ = due; }

  Module& network() { return d_; }
  ParamArena& arena() { return group_.arena(); }
  TrainableNetworks& group() { return group_; }
  const GanLoss& loss() const { return loss_; }
  const std::string& name() const { return d_.name(); }
  double rate() const { return rate_; }
  // Its random numbers, and whether the options make it use any.
  RandomStream& stream() { return stream_; }
  bool uses_random_numbers() const { return gp_ > 0 || noise_ > 0 || augmentation_.any() || random_labels_; }

 private:
  // The images with noise, augmentation and condition.
  Tensor augment_input(const Tensor& images, const Tensor& condition);
  // d's logits, and its features where `wanted`.
  struct Output {
    Tensor features, logits;
  };
  Output forward(const Tensor& x, bool wanted);
  Tensor gradient_penalty(Tape& tape, const Tensor& real, const Tensor& fake);
  Tensor r1_penalty(Tape& tape, const Tensor& real);
  // Sums of squares [n,1,1,1] of the gradient of the sum of d's outputs by x, to be differentiated again.
  Tensor squared_gradient(Tape& tape, const Tensor& x);

  Module& d_;
  Module* head_;
  TrainableNetworks group_;
  GanLoss loss_;
  Augmentation augmentation_;
  double rate_, gp_, r1_, clip_weights_, noise_, feature_matching_;
  int r1_every_;
  bool random_labels_, r1_due_ = false;
  RandomStream stream_;
};

}  // namespace sumi
