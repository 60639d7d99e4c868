// The source texts' converter: an autoencoder whose discriminator has seen the style.
#pragma once

#include "models/model.h"
#include "models/networks/noise_networks.h"
#include "models/training/discriminator_trainer.h"
#include "models/training/trainable_networks.h"
#include "models/training/translator_step.h"

namespace sumi {

// The converter form of autoencoder-gan. g takes a picture to z, a map of nz numbers for every 4x4 pixels, and z to a picture of
// the same size. One step, for photographs a and pictures b in the style, with l the GAN loss:
//   d on b as real and on g(a) as fake, update d; then
//   g: l(d(g(a)), real) + lambda_autoencoder |g(a) - a|, update g. |.| is the mean over all elements.
// The texts train g and d on one tape and do not say how g is to keep what the picture shows; here each optimizer gets the
// gradients of its own network, and the second term is ours.
class AutoencoderConverter final : public Model {
 public:
  explicit AutoencoderConverter(const TrainOptions& options);

  std::vector<Network> networks() override;
  int domains() const override { return 2; }
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const override;
  // Photographs, below them what becomes of each, and pictures in the style.
  SampleGrid samples() override;
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override;
  std::vector<std::string> directions() const override { return {"AtoB"}; }
  Translator translator(const std::string& direction) const override;
  Tensor translate(const Tensor& pictures, const std::string& direction, bool raw) override;

 protected:
  std::vector<Stat> run_step(const std::vector<Tensor>& real) override;

 private:
  TrainOptions options_;
  NetOptions net_;
  std::unique_ptr<Sequential> g_;
  std::unique_ptr<TrainableNetworks> g_trained_;
  std::unique_ptr<DiscriminatorTrainer> d_;
  double lambda_;
  TranslatorBatch last_;
  std::vector<std::vector<Tensor>> sample_pictures_;
};

}  // namespace sumi
