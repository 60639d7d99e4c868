// pix2pix (Isola 2017): a generator learns from pairs what to make of a picture.
#pragma once

#include "models/model.h"
#include "models/networks/translation_networks.h"
#include "models/training/discriminator_trainer.h"
#include "models/training/trainable_networks.h"

namespace sumi {

// g draws what is wanted from what is given, x -> y; d judges patches of x and y beside each other, as channels. One step:
//   discriminator, on a picture drawn before the update: (l(d(x, y), real) + l(d(x, g(x)), fake)) / 2
//   generator, through the updated d:                    l(d(x, g(x)), real) + lambda_l1 |g(x) - y|
// with l the GAN loss and |.| the mean over all elements.
class Pix2PixModel final : public Model {
 public:
  explicit Pix2PixModel(const TrainOptions& options);

  std::vector<Network> networks() override;
  int domains() const override { return 2; }  // given, wanted
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const override;
  SampleGrid samples() override;
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override;
  std::vector<std::string> directions() const override { return {options_.direction}; }
  Translator translator(const std::string& direction) const override;
  // Batch norm goes by the picture's own statistics, as it did in training with batches of one; the source's programs do
  // that, too.
  Tensor translate(const Tensor& pictures, const std::string& direction, bool raw) override;

 protected:
  std::vector<Stat> run_step(const std::vector<Tensor>& pair) override;

 private:
  TrainOptions options_;
  RandomStream dropout_stream_;
  TranslationNetOptions net_;
  std::unique_ptr<Module> g_;
  std::unique_ptr<TrainableNetworks> g_trained_;
  std::unique_ptr<DiscriminatorTrainer> d_;
  std::vector<std::pair<std::string, Tensor>> last_batch_;
  std::vector<std::vector<Tensor>> sample_pictures_;
};

}  // namespace sumi
