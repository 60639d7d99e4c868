// The GANs that learn to draw like a cartoon from unpaired photographs and drawings: AnimeGANv2 (Chen, Liu, Chen 2020) and,
// with its networks and weights, CartoonGAN (Chen, Lai, Liu 2018).
#pragma once

#include <optional>

#include "models/inference/feature_network.h"
#include "models/model.h"
#include "models/networks/anime_networks.h"
#include "models/training/discriminator_trainer.h"
#include "models/training/trainable_networks.h"

namespace sumi {

// What the losses count for, by --style-preset and what the options say instead.
struct LossWeights {
  double adversarial;                       // of both networks' losses
  double content, style, color, variation;  // in the generator's
  double real, fake, gray, smooth;          // in the discriminator's
  bool gray_smooth;                         // drawings with smoothed edges are shown in gray
};
LossWeights anime_weights(const TrainOptions& options);

// The published weights are for VGG19. With features of sumi's own training, what the options leave to the preset (-1) becomes
// what was found to balance with them; then anime_weights() says the same whatever file --features names later.
void settle_anime_weights(TrainOptions& options);

// For photographs a, drawings b and drawings with smoothed edges e, g draws a and d tells drawings from the rest. With
// l the GAN loss, f the features of the frozen network that --features names, Gram(.) / (h w c), gray(.) luma three times:
//   warm-up, the first --init-epochs: g alone, by content |f(g(a)) - f(a)|, at the rate --init-lr
//   then d:  adversarial (real l(d(b), real) + fake l(d(g(a)), fake) + gray l(d(gray(b)), fake) + smooth l(d(gray(e)), fake))
//   and g:   adversarial l(d(g(a)), real) + content |f(g(a)) - f(a)| + style |Gram(f(g(a))) - Gram(f(gray(b)))|
//            + color color_loss(g(a), a) + variation total_variation(g(a))
// |.| is a mean over all elements. In the step d learns first, from the same g(a). Adam's moments of the warm-up stay.
class AnimeGanModel final : public Model {
 public:
  explicit AnimeGanModel(const TrainOptions& options);

  std::vector<Network> networks() override;
  // Photographs, drawings, drawings with smoothed edges.
  int domains() const override { return 3; }
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const override { return last_batch_; }
  // A row of photographs and a row of them drawn.
  SampleGrid samples() override;
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override;
  std::vector<std::string> directions() const override { return {"AtoB"}; }
  Translator translator(const std::string& direction) const override;
  Tensor translate(const Tensor& pictures, const std::string& direction, bool raw) override;
  double warm_up_epochs() const override { return options_.init_epochs; }
  std::vector<std::string> never_updated() const override;

 protected:
  std::string phase(double epoch) override;
  std::vector<Stat> run_step(const std::vector<Tensor>& domains) override;

 private:
  // Weighted, on the tape; absent where the weight is 0.
  struct DrawingLosses {
    Tensor content, style, color, variation;
  };
  DrawingLosses style_losses(const Tensor& fake, const Tensor& photos, const Tensor& drawings) const;
  std::vector<DiscriminatorTrainer::DiscriminatorInput> shown(const Tensor& fake, const Tensor& drawings,
                                                              const Tensor& smooth) const;
  Tensor gray(const Tensor& pictures) const;
  void load_feature_network();
  // Feature maps before their ReLU: for the content loss and for the Gram matrix.
  struct Maps {
    Tensor content, style;
  };
  Maps features(const Tensor& pictures) const;

  TrainOptions options_;
  AnimeNetOptions net_;
  LossWeights weights_;
  std::optional<FeatureNetwork> features_;  // loaded when training begins: drawing needs none
  std::unique_ptr<Module> g_;
  std::unique_ptr<TrainableNetworks> g_trained_;
  std::unique_ptr<DiscriminatorTrainer> d_;
  Tensor luma_;  // [3,1,1,3]
  bool warming_up_ = false;
  std::vector<std::pair<std::string, Tensor>> last_batch_;
  std::vector<Tensor> sample_photos_;
};

}  // namespace sumi
