// One training step: the only home of --n-critic, --accumulate, the freezing of networks, and of what a step reports.
//
// A model writes its step once, in the order of the paper:
//   void DcGan::train_step(Step& step) {
//     step.train(d, [&](MicroBatch& b) { ... return DiscriminatorInputs{{real, true}, {fake, false}}; });
//     step.minimize(generator, [&](MicroBatch& b, Losses& loss) { loss.add("loss_g", d.generator_loss(fake, real)); });
//   }
// With --n-critic N it runs N times on images of its own, and minimize() does nothing but in the last of these rounds. With
// --accumulate N both call their function for each of N micro-batches and update once, by the mean gradient.
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

// A part of a round's images: all of them, or one of --accumulate parts.
class MicroBatch {
 public:
  // Images [n,h,w,c] in [-1,1] of a domain. Behind the domains, for a model that learns from labels: those of each domain,
  // one-hot [n,1,1,classes].
  const Tensor& input(std::size_t i) const { return inputs_.at(i); }
  std::int64_t size() const { return inputs_.at(0).shape().n; }

  // A tensor by name, kept from one update of the round to the next, and written by --dump-batches.
  Tensor& operator[](const std::string& name);
  const std::vector<std::pair<std::string, Tensor>>& named() const { return named_; }

  // operator[](name), which is make() where it is absent. An image that is made for the discriminator stays on the tape for the
  // generator's update if the round has one micro-batch; with several it is made without gradients and again in minimize(), so
  // that the activations of only one are alive at a time.
  Tensor generate(const std::string& name, const std::function<Tensor()>& make);

 private:
  friend class Step;
  enum class Phase : std::uint8_t { no_gradients, recorded };
  std::vector<Tensor> inputs_;
  std::vector<std::pair<std::string, Tensor>> named_;
  std::vector<std::string> recorded_;  // generated on the tape
  Phase phase_ = Phase::no_gradients;
};

// The sum of a micro-batch's losses, each with a name in the statistics and a weight.
class Losses {
 public:
  // Adds weight * term, and reports that, a mean over the micro-batches.
  void add(const std::string& name, const Tensor& term) { add(name, 1, term); }
  void add(const std::string& name, double weight, const Tensor& term);
  // The term is computed unless its weight is 0; then 0 is reported.
  void add(const std::string& name, double weight, const std::function<Tensor()>& term);
  void skip(const std::string& name);  // the same, of a term that is left out
  // Reports a value that is no part of the sum.
  void report(const std::string& name, const Tensor& value);
  // Backpropagates what has been added so far, which frees its activations before the next terms need theirs.
  void backward();

  // net(x) and net(other), in one pass where its norms allow that: the filters are read, and their gradient is made, once.
  // Otherwise `other` comes first and is backpropagated at once. `add_loss` gets net(other).
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
  double share_;  // of a micro-batch in the gradient
  Tensor like_;   // dtype and device
  Tensor total_;
  std::vector<Reported> reported_;
};

class Step {
 public:
  // Steps of one kind submit the same work (engine/runtime/graph.h).
  struct Kind {
    bool warm_up = false;  // one of the first steps of a run, as the model defines them
    bool penalty = false;  // discriminators have the penalty of --r1 in it
    std::string name() const { return warm_up ? "warm-up" : penalty ? "step with penalty" : "step"; }
  };
  // `inputs`: of each domain n_critic * accumulate * batch images, and labels. `networks`: all that learn.
  Step(const Kind& kind, const std::vector<Tensor>& inputs, int n_critic, int accumulate,
       std::vector<TrainableNetworks*> networks);

  // Calls `round` for each of the --n-critic rounds.
  void run(const std::function<void()>& round);

  bool warm_up() const { return kind_.warm_up; }
  // In the last round. The others are for discriminators alone.
  bool updates_generators() const { return round_ + 1 == rounds_; }

  // One update of `networks` by the sum of the losses, with all other networks frozen; in the last round only.
  using LossFunction = std::function<void(MicroBatch&, Losses&)>;
  void minimize(TrainableNetworks& networks, const LossFunction& losses);

  // One update of a discriminator on what it is shown of each micro-batch, which is detached. Reports its loss, as loss_d of one
  // named "d", and then also d_real and d_fake, its mean scores. Returns what the last update says.
  using Shown = std::function<DiscriminatorInputs(MicroBatch&)>;
  DiscriminatorStats train(DiscriminatorTrainer& d, const Shown& shown);
  // Instead of train() in a step of a kind in which the discriminator waits: reports zeros.
  void skip(const DiscriminatorTrainer& d);

  // Calls `make` for each micro-batch, without gradients.
  void without_gradients(const std::function<void(MicroBatch&)>& make);

  // A number of the step [1,1,1,1]; a later one of the same name replaces it.
  void report(const std::string& name, const Tensor& value);
  // What was reported: losses first, each group in the order of the first report.
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
