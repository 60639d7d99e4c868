// The variational autoencoder (Kingma and Welling 2013): an encoder that says which noise a picture may have come from, and a
// decoder that draws pictures from noise, trained together without a discriminator.
#pragma once

#include "models/model.h"
#include "models/networks/noise_networks.h"
#include "models/training/trainable_networks.h"

namespace sumi {

// One step, for pictures x in [0,1] and noise e from N(0, 1):
//   mean, log_var = encoder(x),  z = mean + exp(log_var / 2) e,  o = decoder(z)
//   loss = -log p(x | o) + kl_weight KL(N(mean, exp(log_var)) || N(0, 1))    in nats of a picture, a mean over the batch
// p is bernoulli, the cross-entropy of sigmoid(o) against x; or gaussian, N(x; sigmoid(o), sigma^2) less its constant
// log(2 pi) / 2. Pictures enter and leave in [-1,1]: 2 sigmoid(o) - 1 = tanh(o / 2).
class VaeModel final : public Model {
 public:
  explicit VaeModel(const TrainOptions& options);

  std::vector<Network> networks() override;
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const override;
  // Eight pictures, below them what becomes of each, and then 64 drawn from noise.
  SampleGrid samples() override;
  int num_sample_images() const override { return 8; }
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override;
  Tensor generate(const Tensor& noise, bool raw) override;
  Tensor noise(std::int64_t count, RandomStream& stream, int only = kEveryClass) const override;
  // Pictures [n,h,w,c] through the mean of their noise and back, with the running average where there is one.
  Tensor reconstruct(const Tensor& pictures);

 protected:
  std::vector<Stat> run_step(const std::vector<Tensor>& real) override;

 private:
  struct Posterior {
    Tensor mean, log_var;  // [n,1,1,nz]
  };
  Posterior encode(const Tensor& pictures);
  // -log p of pictures in [-1,1] given the decoder's output, in nats of a picture.
  Tensor reconstruction_loss(const Tensor& output, const Tensor& pictures) const;

  NetOptions net_;
  std::unique_ptr<Sequential> encoder_, decoder_;
  std::unique_ptr<TrainableNetworks> trained_;
  bool gaussian_;
  double sigma_, kl_weight_;
  int accumulate_;
  RandomStream noise_stream_;
  Tensor fixed_noise_, sample_pictures_, last_real_, last_noise_, last_output_;
};

}  // namespace sumi
