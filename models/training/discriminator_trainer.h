// A discriminator with its optimizer, loss and stabilization techniques. An adversarial model has
// one for each discriminator.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/objectives/augment.h"
#include "models/objectives/gan_loss.h"
#include "models/training/rng_streams.h"
#include "models/training/trainable_networks.h"

namespace sumi {

// An additional loss, computed from a head's output on the discriminator's features.
using AuxiliaryLoss = std::function<Tensor(const Tensor& head)>;

// Images [n,h,w,c] that the discriminator should classify as real, or as generated.
struct DiscriminatorInput {
  Tensor images;
  bool real = false;
  double weight = 1;                  // of their loss
  Tensor condition = {};              // [n,1,1,k]: k more channels, the same at every pixel
  AuxiliaryLoss auxiliary_loss = {};  // added to their loss
};
using DiscriminatorInputs = std::vector<DiscriminatorInput>;

// Statistics of an update, without gradients.
struct DiscriminatorStats {
  Tensor loss;     // the weighted sum over all inputs
  Tensor penalty;  // gradient penalty, R1 and R2, weighted as in the gradient; absent without them
  Tensor real_logits, fake_logits;  // of the first input of each kind
};

class DiscriminatorTrainer {
 public:
  // `d` is already initialized; its name is used in statistics and checkpoints: "d", "d_a". `head`,
  // if given, is trained together with it on the features before d's last layer (InfoGAN's q). Both
  // must outlive this object.
  DiscriminatorTrainer(const TrainOptions& options, Module& d, RngStream stream, Module* head = nullptr);

  // One update by the mean gradient of one or several micro-batches. Detaches the inputs and leaves
  // the tape unchanged. The logits are those of the last micro-batch.
  DiscriminatorStats train(Tape& tape, const std::vector<DiscriminatorInputs>& micro_batches);
  // Adds the gradients of one micro-batch, times `scale`, without an update.
  DiscriminatorStats accumulate_gradients(Tape& tape, const DiscriminatorInputs& inputs, double scale = 1);

  // The generator's loss on `fake`: adversarial, plus feature matching with `real` if enabled.
  // Relativistic losses compare `fake` with `real` too, sample by sample.
  // Recorded on the current tape; Step::minimize() freezes the discriminator meanwhile.
  Tensor generator_loss(const Tensor& fake, const Tensor& real, const Tensor& condition = {},
                        const AuxiliaryLoss& auxiliary_loss = {});

  // --r1-interval: returns true if the next step includes the penalties R1 and R2. Must be called
  // before the step, because a captured step cannot branch.
  bool penalty_due();
  void set_penalty_due(bool due) { r1_due_ = due; }

  Module& network() { return d_; }
  ParamArena& arena() { return group_.arena(); }
  TrainableNetworks& group() { return group_; }
  const GanLoss& loss() const { return loss_; }
  const std::string& name() const { return d_.name(); }
  double rate() const { return rate_; }
  // The random stream, and whether the options make the discriminator use it.
  RandomStream& stream() { return stream_; }
  bool uses_random_numbers() const { return gp_ > 0 || noise_ > 0 || augmentation_.any() || random_labels_; }

 private:
  // Applies instance noise, augmentation and condition to the images.
  Tensor augment_input(const Tensor& images, const Tensor& condition);
  // d's logits, and its features if requested.
  struct Output {
    Tensor features, logits;
  };
  Output forward(const Tensor& x, bool wanted);
  Tensor gradient_penalty(Tape& tape, const Tensor& real, const Tensor& fake);
  // d's logits without gradients.
  Tensor logits_of(const Tensor& images, const Tensor& condition);
  // Per-sample squared norm [n,1,1,1] of the gradient of the sum of d's outputs with respect to x,
  // differentiable again.
  Tensor squared_gradient(Tape& tape, const Tensor& x);

  Module& d_;
  Module* head_;
  TrainableNetworks group_;
  GanLoss loss_;
  Augmentation augmentation_;
  double rate_, gp_, r1_, r2_, clip_weights_, noise_, feature_matching_;
  int r1_every_;
  bool random_labels_, r1_due_ = false;
  RandomStream stream_;
};

}  // namespace sumi
