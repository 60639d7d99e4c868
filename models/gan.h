// GANs that draw pictures from noise: one training procedure for every pair of networks.
#pragma once

#include "models/model.h"
#include "models/networks/noise_networks.h"
#include "models/objectives/info_codes.h"
#include "models/objectives/latent.h"
#include "models/registry.h"
#include "models/training/discriminator_trainer.h"
#include "models/training/trainable_networks.h"

namespace sumi {

// One step (Radford 2015, as in the well-known example): d on real and on fake pictures, update d; then g through the
// updated d, on the same fakes (--fresh-noise: on others). With --n-critic d is updated that often first, each time on pictures of its own; with
// --accumulate an update is made of several batches, and g's fakes are drawn again from the same noise.
//
// What g is told besides its noise stands behind it: codes that its pictures should show (InfoGAN), which the head q guesses
// from d's features, and the class one-hot (--conditional), which d is told too.
class GanModel final : public Model {
 public:
  GanModel(const TrainOptions& options, GanNetworks networks, const NetOptions& net);

  std::vector<Network> networks() override;
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const override;
  SampleGrid samples() override;
  Tensor generate(const Tensor& noise, bool raw) override;
  Tensor noise(std::int64_t count, RandomStream& stream, int only = kEveryClass) const override;

 protected:
  std::vector<Stat> run_step(const std::vector<Tensor>& real) override;

 private:
  struct Initialized {};
  GanModel(const TrainOptions& options, GanNetworks networks, const NetOptions& net, Initialized);

  // A batch of the step (models/training/micro_batches.h) with its labels, if there are any, and what g makes of its noise.
  struct Part {
    Tensor real, labels, noise, fake;
  };
  // g's input for n pictures, without a class.
  Tensor unconditional_noise(std::int64_t n, RandomStream& stream) const;
  // g's input for the next n pictures of training, which are of these classes [n,1,1,classes], if there are any.
  Tensor noise_for(const Tensor& labels, std::int64_t n);
  // Classes 0, 1, ... in turn, or `only` one, one-hot [n,1,1,classes].
  Tensor classes_in_turn(std::int64_t n, int only) const;
  SampleGrid code_sheet();
  DiscriminatorTrainer::AuxiliaryLoss head_loss(const Part& part);
  Tensor draw(const Tensor& z);
  Tensor diversity_loss(const Part& part) const;
  DiscriminatorTrainer::DiscriminatorStats train_d(Tape& tape, const std::vector<Part>& parts);
  Tensor train_g(Tape& tape, std::vector<Part>& parts);

  TrainOptions options_;
  NetOptions net_;
  std::unique_ptr<Sequential> g_;
  std::unique_ptr<TrainableNetworks> g_trained_;
  DiscriminatorTrainer d_;
  Latent latent_;
  InfoCodes codes_;
  int classes_;
  double diversity_, lambda_info_;
  bool fresh_noise_;
  RandomStream noise_stream_;
  Tensor reference_noise_;  // of virtual batch norm, else absent
  Tensor fixed_noise_, last_real_, last_noise_, last_noise_g_, last_fake_, last_info_;
};

// For a ModelSpec, from the functions that build the networks.
using BuildNetwork = std::unique_ptr<Sequential> (*)(const NetOptions&);
std::vector<PlannedNetwork> plan_gan(const TrainOptions& options, GanNetworks networks);
template <BuildNetwork g, BuildNetwork d>
std::vector<PlannedNetwork> plan_gan(const TrainOptions& options) {
  const NetOptions net = net_options(options);
  return plan_gan(options, {g(net), d(net), nullptr});
}
template <BuildNetwork g, BuildNetwork d>
std::unique_ptr<Model> make_gan(const TrainOptions& options) {
  const NetOptions net = net_options(options);
  return std::make_unique<GanModel>(options, GanNetworks{g(net), d(net), nullptr}, net);
}
// For a ModelSpec: what options say is so, and that they fit each other.
inline bool is_conditional(const TrainOptions& options) {
  return options.conditional;
}

}  // namespace sumi
