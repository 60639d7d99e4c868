// One training step. The only implementation of --n-critic, --accumulate, freezing and step
// statistics.
//
// A model writes its step once, in the order of the paper:
//   void DcGan::train_step(Step& step) {
//     step.train(d, [&](MicroBatch& b) {
//       return DiscriminatorInputs{{real, true}, {fake, false}};
//     });
//     step.minimize(generator, [&](MicroBatch& b, Losses& loss) {
//       loss.add("loss_g", d.generator_loss(fake, real));
//     });
//   }
// With --n-critic N the function runs N times on different images, and minimize() has an effect
// only in the last of these rounds. With --accumulate N both call their argument for each of N
// micro-batches and update once, by the mean gradient.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/autograd.h"
#include "engine/nn.h"
#include "models/training/discriminator_trainer.h"

namespace sumi {

// A micro-batch: one of the --accumulate parts of a round's images.
class MicroBatch {
 public:
  // Images [n,h,w,c] in [-1,1] of a domain. For a model that learns from labels, the domains are
  // followed by the labels of each domain, one-hot [n,1,1,classes].
  const Tensor& input(std::size_t i) const { return inputs_.at(i); }
  std::int64_t size() const { return inputs_.at(0).shape().n; }

  // A tensor by name, kept between the updates of a round, and written by --dump-batches.
  Tensor& operator[](const std::string& name);
  const std::vector<std::pair<std::string, Tensor>>& named() const { return named_; }

  // operator[](name), created by make() if absent. In a round of one micro-batch, an image made for
  // the discriminator stays on the tape for the generator's update. With several micro-batches it
  // is made without gradients and again in minimize(), so that the activations of only one are
  // alive at a time.
  Tensor generate(const std::string& name, const std::function<Tensor()>& make);

 private:
  friend class Step;
  enum class Phase : std::uint8_t { no_gradients, recorded };
  std::vector<Tensor> inputs_;
  std::vector<std::pair<std::string, Tensor>> named_;
  std::vector<std::string> recorded_;  // generated on the tape
  Phase phase_ = Phase::no_gradients;
};

// The weighted sum of a micro-batch's losses, each with a name in the statistics.
class Losses {
 public:
  // Adds weight * term and reports it, averaged over the micro-batches.
  void add(const std::string& name, const Tensor& term) { add(name, 1, term); }
  void add(const std::string& name, double weight, const Tensor& term);
  // Computes the term only if its weight is not 0; otherwise reports 0.
  void add(const std::string& name, double weight, const std::function<Tensor()>& term);
  void skip(const std::string& name);  // reports 0 for a term that is omitted
  // Reports a value that is not part of the sum.
  void report(const std::string& name, const Tensor& value);
  // Backpropagates the terms added so far, which frees their activations before the next terms are
  // computed.
  void backward();

  // net(x) and net(other), in one pass if the network's norms allow it, which reads the filters and
  // computes their gradient once. Otherwise `other` comes first and is backpropagated at once.
  // `add_loss` receives net(other).
  Tensor forward_with(Module& net, const Tensor& x, const Tensor& other,
                      const std::function<void(const Tensor&)>& add_loss);

 private:
  friend class Step;
  struct Reported {
    std::string name;
    Tensor sum;  // over the micro-batches
    bool weighted;
  };
  Losses(Tape& tape, std::size_t micro_batches, const Tensor& like)
      : tape_(tape), share_(1.0 / static_cast<double>(micro_batches)), like_(like) {}
  void note(const std::string& name, const Tensor& value, bool weighted);

  Tape& tape_;
  double share_;  // weight of a micro-batch in the gradient
  Tensor like_;   // has the losses' dtype and device
  Tensor total_;
  std::vector<Reported> reported_;
};

class Step {
 public:
  // Steps of one kind submit the same work (engine/runtime/graph.h).
  struct Kind {
    bool warm_up = false;  // one of the first steps of a run, as the model defines them
    bool penalty = false;  // discriminators include the penalties of --r1 and --r2
    std::string name() const { return warm_up ? "warm-up" : penalty ? "step with penalty" : "step"; }
  };
  // `inputs`: n_critic * accumulate * batch images of each domain, and labels. `networks`: all
  // trainable networks.
  Step(const Kind& kind, const std::vector<Tensor>& inputs, int n_critic, int accumulate,
       std::vector<TrainableNetworks*> networks);

  // Calls `round` for each of the --n-critic rounds.
  void run(const std::function<void()>& round);

  bool warm_up() const { return kind_.warm_up; }
  // True in the last round. The other rounds update only discriminators.
  bool updates_generators() const { return round_ + 1 == rounds_; }

  // One update of `networks` by the sum of the losses, with all other networks frozen; only in the
  // last round.
  using LossFunction = std::function<void(MicroBatch&, Losses&)>;
  void minimize(TrainableNetworks& networks, const LossFunction& losses);

  // One update of a discriminator on the inputs returned for each micro-batch, which are detached.
  // Reports its loss (loss_d for one named "d") and its mean scores d_real and d_fake. Returns the
  // statistics of the update.
  using Shown = std::function<DiscriminatorInputs(MicroBatch&)>;
  DiscriminatorStats train(DiscriminatorTrainer& d, const Shown& shown);
  // Replaces train() in steps in which the discriminator is not updated: reports zeros.
  void skip(const DiscriminatorTrainer& d);

  // Calls `make` for each micro-batch, without gradients.
  void without_gradients(const std::function<void(MicroBatch&)>& make);

  // Reports a value [1,1,1,1]; replaces an earlier one of the same name.
  void report(const std::string& name, const Tensor& value);
  // The reported values: losses first, each group in the order of the first report.
  std::vector<std::pair<std::string, Tensor>> reported() const;
  // The named tensors of the last micro-batch.
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const;

 private:
  void begin_round();
  void enter(MicroBatch::Phase phase);

  Kind kind_;
  const std::vector<Tensor>& inputs_;
  int rounds_, parts_, round_ = 0;
  std::vector<TrainableNetworks*> networks_;
  Tape tape_;
  std::vector<MicroBatch> batches_;  // of this round
  std::vector<std::pair<std::string, Tensor>> reported_;
};

}  // namespace sumi
