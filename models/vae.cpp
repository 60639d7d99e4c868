// The variational autoencoder (Kingma and Welling 2013): an encoder estimates the distribution of
// the noise behind an image, and a decoder generates images from noise. They are trained together
// without a discriminator.
#include "models/vae.h"

#include <fmt/format.h>

#include <cmath>

#include "models/model.h"
#include "models/networks/noise_networks.h"
#include "models/options/option_groups.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/training/class_labels.h"
#include "models/training/rng_streams.h"

namespace sumi {
namespace {

// One step, for images x in [0,1] and noise e from N(0, 1):
//   mean, log_var = encoder(x),  z = mean + exp(log_var / 2) e,  o = decoder(z)
//   loss = -log p(x | o) + kl_weight KL(N(mean, exp(log_var)) || N(0, 1))
// in nats per image, averaged over the batch. p is bernoulli, the cross-entropy of sigmoid(o)
// against x; or gaussian, N(x; sigmoid(o), sigma^2) without its constant log(2 pi) / 2. Images
// enter and leave in [-1,1]: 2 sigmoid(o) - 1 = tanh(o / 2).
class Vae final : public Model {
 public:
  explicit Vae(const TrainOptions& o)
      : Model(o),
        encoder_(network("e")),
        decoder_(network("g")),
        both_(generators({"e", "g"}, o.lr)),
        noise_stream_(random_stream("noise", RngStream::noise)) {
    RandomStream fixed(o.seed, stream_number(RngStream::fixed_noise));
    fixed_noise_ = noise(64, fixed);
  }

  // Eight images, below them their reconstructions, then 64 images from noise.
  SampleGrid samples() override;
  int num_sample_images() const override { return 8; }
  void set_sample_images(const std::vector<std::vector<Tensor>>& images) override;
  Tensor generate(const Tensor& noise, bool raw) override;
  Tensor noise(std::int64_t count, RandomStream& stream, int only = kEveryClass) const override;

 protected:
  void train_step(Step& step) override;

 private:
  struct Posterior {
    Tensor mean, log_var;  // [n,1,1,nz]
  };
  Posterior encode(const Tensor& images);
  // -log p of images in [-1,1] given the decoder's output, in nats per image.
  Tensor reconstruction_loss(const Tensor& output, const Tensor& images) const;

  Module &encoder_, &decoder_;
  TrainableNetworks& both_;
  RandomStream& noise_stream_;
  Tensor fixed_noise_, sample_images_;
};

void Vae::train_step(Step& step) {
  step.minimize(both_, [&](MicroBatch& batch, Losses& loss) {
    const Tensor x = batch["real"] = batch.input(0);
    const Tensor e = batch["noise"] = noise(batch.size(), noise_stream_);
    const auto [mean, log_var] = encode(x);
    const Tensor output = decoder_(add(mean, mul(exp(affine(log_var, 0.5)), e)));
    batch["output"] = output.detach();
    const Tensor reconstruction = reconstruction_loss(output, x), kl = gaussian_kl(mean, log_var);
    loss.add("loss", add(reconstruction, affine(kl, options().group<VaeOptions>().kl_weight)));
    loss.report("loss_reconstruction", reconstruction);
    loss.report("loss_kl", kl);
  });
}

Vae::Posterior Vae::encode(const Tensor& images) {
  const Tensor both = encoder_(images);
  const Shape half{both.shape().n, 1, 1, options().nz};
  return {slice(both, {0, 0, 0, 0}, half), slice(both, {0, 0, 0, options().nz}, half)};
}

Tensor Vae::reconstruction_loss(const Tensor& output, const Tensor& images) const {
  const auto pixels = static_cast<double>(images.count() / images.shape().n);
  const auto& o = options().group<VaeOptions>();
  const Tensor target = affine(images, 0.5, 0.5);
  if (o.likelihood != "gaussian") return affine(loss_mean(Loss::bce_logits, output, target), pixels);
  return affine(loss_mean(Loss::squared, sigmoid(output), target), pixels / (2 * o.sigma * o.sigma),
                pixels * std::log(o.sigma));
}

Tensor Vae::noise(std::int64_t count, RandomStream& stream, int only) const {
  if (only != kEveryClass) fail_no_classes();
  return stream.normal({count, 1, 1, options().nz}, dtype(), device());
}

// The decoder's output as an image in [-1,1].
Tensor as_image(const Tensor& output) {
  return tanh(affine(output, 0.5));
}

Tensor Vae::generate(const Tensor& z, bool raw) {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(both_, !raw);
  return as_image(decoder_(z));
}

void Vae::set_sample_images(const std::vector<std::vector<Tensor>>& images) {
  std::vector<Tensor> row;
  for (int i = 0; i < num_sample_images(); ++i)  // a set may have fewer
    row.push_back(images.at(0).at(static_cast<std::size_t>(i) % images[0].size()));
  sample_images_ = concat(row, 0);
}

SampleGrid Vae::samples() {
  const Tensor generated = generate(fixed_noise_, false);
  if (!sample_images_) return {{generated}, 8};
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(both_, true);
  const Tensor reconstructed = as_image(decoder_(encode(sample_images_).mean));
  return {{sample_images_, reconstructed, generated}, 8};
}

std::vector<PlannedNetwork> vae_networks(const TrainOptions& o) {
  std::vector<PlannedNetwork> networks;
  networks.push_back({"e", vae_encoder(o), {1, o.size, o.size, o.channels}});
  networks.push_back({"g", vae_decoder(o), {1, 1, 1, o.nz}});
  return networks;
}

}  // namespace

void VaeOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("variant", &TrainOptions::variant)
      .help("networks: dense, or conv for larger images")
      .alias("--form")
      .choices({"dense", "conv"});
  const auto is_conv = [](const TrainOptions& o) { return o.variant == "conv"; };
  for (const char* name : {"ngf", "ndf", "upsample"}) t.at(name).only_with("--variant conv", is_conv);
  t.heading("Training");
  t.add("likelihood", &VaeOptions::likelihood)
      .help("distribution of an image given its reconstruction: bernoulli or gaussian")
      .placeholder("KIND")
      .choices({"bernoulli", "gaussian"});
  t.add("sigma", &VaeOptions::sigma)
      .help("standard deviation of a pixel in [0, 1]")
      .range(1e-4, 1e3)
      .only_with("--likelihood gaussian",
                 [](const TrainOptions& o) { return o.group<VaeOptions>().likelihood == "gaussian"; });
  t.add("kl-weight", &VaeOptions::kl_weight)
      .help("weight of the KL divergence of the latent distribution from N(0, 1)")
      .alias("--beta")
      .range(0, 1e6);
}

extern const ModelSpec vae_spec{
    .name = "vae",
    .summary = "variational autoencoder: images from noise, and codes of images",
    .reference = "Kingma 2013",
    .data = "a folder or zip file of images, or an idx.gz file",
    .options = add_groups<CommonOptions, SquareOptions, NoiseOptions, GeneratorOptions, UpsamplingOptions,
                          MetricsOptions, VaeOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.size = 28;
          o.channels = 1;
          o.flip = false;
          o.variant = "dense";
          o.nz = 20;
          o.ngf = o.ndf = 32;
          o.init_type = "xavier-uniform";
          o.init_gain = 1;
          o.batch_size = 128;
          o.lr = 1e-3;
          o.beta1 = 0.9;
          o.epochs = 10;
        },
    .networks = vae_networks,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<Vae>(o); },
};

}  // namespace sumi
