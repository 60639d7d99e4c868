#include "models/options/discriminator_options.h"

#include <functional>

#include "models/options/option_table.h"

namespace sumi {
namespace {

using O = const TrainOptions&;

// Modes whose losses compare logits with labels (models/objectives/gan_loss.h).
bool has_labels(O o) {
  return o.gan_mode == "vanilla" || o.gan_mode == "saturating" || o.gan_mode == "lsgan";
}
constexpr const char* kWithLabels = "--gan-mode vanilla, saturating or lsgan";

void add_training(OptionTable& t) {
  t.heading("Training");
  t.add("lr-g", &TrainOptions::lr_g)
      .help("learning rate of the generator; 0: --lr")
      .alias("--glr")
      .range(0, 1e3)
      .on_resume();
  t.add("lr-d", &TrainOptions::lr_d)
      .help("learning rate of the discriminator; 0: --lr")
      .alias("--dlr")
      .range(0, 1e3)
      .on_resume();
  t.add("gan-mode", &TrainOptions::gan_mode)
      .help("GAN loss: vanilla, saturating, lsgan, hinge, wgan, wgan-gp or relativistic")
      .placeholder("LOSS")
      .choices({"vanilla", "saturating", "lsgan", "hinge", "wgan", "wgan-gp", "relativistic"})
      .implies([](TrainOptions& o, const std::function<bool(const std::string&)>& is_given) {
        // Files that spell it --gp are older, and their 0 meant 10.
        if (o.gan_mode == "wgan-gp" && o.lambda_gp == 0 && !is_given("lambda-gp")) o.lambda_gp = 10;
      });
}

void add_penalties(OptionTable& t) {
  t.add("n-critic", &TrainOptions::n_critic)
      .help("updates of the discriminator per update of the generator")
      .range(1, 1000);
  t.add("lambda-gp", &TrainOptions::lambda_gp)
      .help(
          "weight of the gradient penalty between real and generated images; 0: off; 10 with --gan-mode "
          "wgan-gp")
      .alias("--gp")
      .range(0, 1e6);
  t.add("r1", &TrainOptions::r1)
      .help("weight of the R1 gradient penalty: half the squared gradient norm on real images; 0: off")
      .alias("--gamma")
      .range(0, 1e6);
  t.add("r2", &TrainOptions::r2)
      .help("weight of the R2 gradient penalty: half the squared gradient norm on generated images; 0: off")
      .range(0, 1e6);
  t.add("r1-interval", &TrainOptions::r1_interval)
      .help("steps between R1 and R2 penalties, each weighted by the interval")
      .alias("--r1-every")
      .range(1, 1e6)
      .only_with("--r1 or --r2", [](O o) { return o.r1 > 0 || o.r2 > 0; });
  t.add("clip-weights", &TrainOptions::clip_weights)
      .help("clip the discriminator's weights to [-X, X]; 0: off; 0.01 in WGAN")
      .alias("--clip-value")
      .range(0, 1e3);
  t.add("spectral-norm", &TrainOptions::spectral_norm)
      .help("spectral norm in every layer of the discriminator")
      .alias("--sn");
}

void add_techniques(OptionTable& t) {
  t.add("label-smoothing", &TrainOptions::label_smoothing)
      .help("one-sided label smoothing: the label of real images is 1 - X")
      .alias("--label-smooth")
      .range(0, 0.5)
      .only_with(kWithLabels, has_labels);
  t.add("generator-target", &TrainOptions::generator_target)
      .help("label in the generator's loss: real, or random in [0, 1]")
      .placeholder("RULE")
      .alias("--g-label")
      .choices({"real", "random"})
      .only_with(kWithLabels, has_labels)
      .check([](O o) {
        return std::string(o.generator_target == "random" && !has_labels(o)
                               ? "needs labels; use --gan-mode vanilla, saturating or lsgan"
                               : "");
      });
  t.add("instance-noise", &TrainOptions::instance_noise)
      .help("standard deviation of noise added to the discriminator's input")
      .alias("--d-noise")
      .range(0, 1e3);
  t.add("diffaugment", &TrainOptions::diffaugment)
      .help(
          "differentiable augmentation of the discriminator's input, for small data sets: a list of color, "
          "translation, cutout")
      .placeholder("PARTS")
      .list_of({"color", "translation", "cutout"});
  t.add("feature-matching", &TrainOptions::feature_matching)
      .help("weight of the distance between mean discriminator features of real and generated images")
      .range(0, 1e6);
  t.add("minibatch-discrimination", &TrainOptions::minibatch_discrimination)
      .help("kernels of minibatch discrimination; 0: off")
      .range(0, 4096);
  t.add("historical-averaging", &TrainOptions::historical_averaging)
      .help("weight of the squared distance of parameters from their historical average")
      .range(0, 1e6);
}

}  // namespace

void DiscriminatorOptions::add_rows(OptionTable& t) {
  t.absent("it does not have a discriminator");
  add_training(t);
  t.heading("Stability");
  add_penalties(t);
  add_techniques(t);
  t.absent("");
}

}  // namespace sumi
