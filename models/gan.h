// GANs that generate images from noise: one training procedure for every pair of networks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/model.h"
#include "models/networks/noise_networks.h"
#include "models/objectives/info_codes.h"
#include "models/objectives/latent.h"
#include "models/planned_network.h"
#include "models/registry.h"

namespace sumi {

// One step (Radford 2015, as in pytorch/examples/dcgan): update D on real and generated images;
// then update G through the updated D, on the same generated images (with --resample-noise, on new
// ones).
//
// G's input is the noise, followed by the codes that its images should show (InfoGAN) and by the
// one-hot class (--conditional). D is conditioned on the class, too.
class Gan : public Model {
 public:
  explicit Gan(const TrainOptions& options, const InfoCodes& codes = {});

  SampleGrid samples() override;
  Tensor generate(const Tensor& noise, bool raw) override;
  Tensor noise(std::int64_t count, RandomStream& stream, int only = kEveryClass) const override;

 protected:
  void train_step(Step& step) override;
  // An additional loss for D and G on images generated from z, computed by a head on D's features
  // (InfoGAN). This class has none.
  virtual AuxiliaryLoss auxiliary_loss(Step& step, const Tensor& z);

  // G(z), preceded by the reference batch if G has virtual batch norm.
  Tensor forward_g(const Tensor& z);
  // Noise and codes for n images, without a class.
  Tensor latent(std::int64_t n, RandomStream& stream) const;

  InfoCodes codes_;
  int classes_;
  Tensor fixed_noise_;

 private:
  // G's input for a micro-batch of training.
  Tensor training_noise(const MicroBatch& batch);
  Tensor labels(const MicroBatch& batch) const { return classes_ > 0 ? batch.input(1) : Tensor{}; }

  Module& g_;
  TrainableNetworks& generator_;
  DiscriminatorTrainer& d_;
  RandomStream& noise_stream_;
  Latent latent_;
  Tensor reference_noise_;  // for virtual batch norm; absent without it
};

// For a ModelSpec, from the functions that build the networks.
std::vector<PlannedNetwork> gan_networks(const TrainOptions& options, std::unique_ptr<Module> g,
                                         std::unique_ptr<Module> d, const InfoCodes& codes = {});
template <auto g, auto d>
std::vector<PlannedNetwork> gan_networks(const TrainOptions& options) {
  return gan_networks(options, g(options), d(options));
}
inline std::unique_ptr<Model> make_gan(const TrainOptions& options) {
  return std::make_unique<Gan>(options);
}
inline bool is_conditional(const TrainOptions& options) {
  return options.conditional;
}

}  // namespace sumi
