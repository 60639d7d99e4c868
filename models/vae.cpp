#include "models/vae.h"

#include <fmt/format.h>

#include <cmath>

#include "models/registry.h"
#include "models/training/class_labels.h"
#include "models/training/rng_streams.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
Shape input_of(const NetOptions& o) {
  return {1, o.size, o.size, o.channels};
}

// The decoder's output as a picture in [-1,1].
Tensor as_picture(const Tensor& output) {
  return tanh(affine(output, 0.5));
}

}  // namespace

VaeModel::VaeModel(const TrainOptions& o)
    : Model(o),
      net_(net_options(o)),
      encoder_(vae_encoder(net_)),
      decoder_(vae_decoder(net_)),
      gaussian_(o.likelihood == "gaussian"),
      sigma_(o.sigma),
      kl_weight_(o.kl_weight),
      accumulate_(o.accumulate),
      noise_stream_(o.seed, kNoise) {
  RandomStream init(o.seed, kInit);
  initialize(*encoder_, {o.init_type, o.init_gain}, init);
  initialize(*decoder_, {o.init_type, o.init_gain}, init);
  trained_ = std::make_unique<TrainableNetworks>(
      std::vector<std::pair<std::string, Module*>>{{"e", encoder_.get()}, {"g", decoder_.get()}}, o, true);
  register_trainable(*trained_, o.lr);
  draws("noise", noise_stream_);
  RandomStream fixed(o.seed, kFixedNoise);
  fixed_noise_ = noise(64, fixed);
}

std::vector<Model::Network> VaeModel::networks() {
  return {{"e", encoder_.get(), input_of(net_)}, {"g", decoder_.get(), {1, 1, 1, net_.nz}}};
}

Tensor VaeModel::noise(std::int64_t count, RandomStream& stream, int only) const {
  if (only != kEveryClass) fail_no_classes();
  return stream.normal({count, 1, 1, net_.nz}, net_.dtype, net_.device);
}

VaeModel::Posterior VaeModel::encode(const Tensor& pictures) {
  const Tensor both = (*encoder_)(pictures);
  const Shape half{both.shape().n, 1, 1, net_.nz};
  return {slice(both, {0, 0, 0, 0}, half), slice(both, {0, 0, 0, net_.nz}, half)};
}

Tensor VaeModel::reconstruction_loss(const Tensor& output, const Tensor& pictures) const {
  const auto pixels = static_cast<double>(input_of(net_).count());
  const Tensor target = affine(pictures, 0.5, 0.5);
  if (!gaussian_) return affine(loss_mean(Loss::bce_logits, output, target), pixels);
  return affine(loss_mean(Loss::squared, sigmoid(output), target), pixels / (2 * sigma_ * sigma_),
                pixels * std::log(sigma_));
}

std::vector<Stat> VaeModel::run_step(const std::vector<Tensor>& real) {
  const std::int64_t n = real.at(0).shape().n / accumulate_;
  const double share = 1.0 / accumulate_;
  Tape tape;
  trained_->arena().begin();
  Tensor sums;  // of the three numbers that are reported
  for (int i = 0; i < accumulate_; ++i) {
    last_real_ = accumulate_ == 1 ? real[0] : real[0].batch_slice(i * n, n);
    last_noise_ = noise(n, noise_stream_);
    const auto [mean, log_var] = encode(last_real_);
    const Tensor output = (*decoder_)(add(mean, mul(exp(affine(log_var, 0.5)), last_noise_)));
    last_output_ = output.detach();
    const Tensor reconstruction = reconstruction_loss(output, last_real_), kl = gaussian_kl(mean, log_var);
    const Tensor loss = add(reconstruction, affine(kl, kl_weight_));
    tape.backward(affine(loss, share));
    const NoGrad no_grad;
    const Tensor numbers = concat({loss.detach(), reconstruction.detach(), kl.detach()}, 3);
    sums = sums ? add(sums, numbers) : numbers;
  }
  trained_->update();
  const NoGrad no_grad;
  const auto mean_of = [&](std::int64_t i) {
    return affine(slice(sums, {0, 0, 0, i}, Shape::scalar()), share);
  };
  return {{"loss", mean_of(0)}, {"loss_reconstruction", mean_of(1)}, {"loss_kl", mean_of(2)}};
}

std::vector<std::pair<std::string, Tensor>> VaeModel::debug_tensors() const {
  return {{"real", last_real_}, {"noise", last_noise_}, {"output", last_output_}};
}

void VaeModel::set_sample_images(const std::vector<std::vector<Tensor>>& pictures) {
  std::vector<Tensor> row;
  for (int i = 0; i < num_sample_images(); ++i)  // a set may have fewer
    row.push_back(pictures.at(0).at(static_cast<std::size_t>(i) % pictures[0].size()));
  sample_pictures_ = concat(row, 0);
}

SampleGrid VaeModel::samples() {
  const Tensor drawn = generate(fixed_noise_, false);
  if (!sample_pictures_) return {{drawn}, 8};
  return {{sample_pictures_, reconstruct(sample_pictures_), drawn}, 8};
}

Tensor VaeModel::reconstruct(const Tensor& pictures) {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(*trained_, true);
  return as_picture((*decoder_)(encode(pictures).mean));
}

Tensor VaeModel::generate(const Tensor& z, bool raw) {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(*trained_, !raw);
  return as_picture((*decoder_)(z));
}

const ModelSpec vae_spec{
    .name = "vae",
    .summary = "variational autoencoder: pictures from noise, and back",
    .reference = "Kingma 2013",
    .data = "a folder of pictures, or an idx.gz file",
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
    .check =
        [](const TrainOptions& o) {
          if (o.variant != "dense" && o.variant != "conv")
            fail("--form", fmt::format("unknown '{}'; use one of: dense, conv", o.variant));
          if (o.likelihood != "bernoulli" && o.likelihood != "gaussian")
            fail("--likelihood", fmt::format("unknown '{}'; use one of: bernoulli, gaussian", o.likelihood));
        },
    .networks =
        [](const TrainOptions& o) {
          const NetOptions net = net_options(o);
          std::vector<PlannedNetwork> planned;
          planned.push_back({"e", vae_encoder(net), input_of(net)});
          planned.push_back({"g", vae_decoder(net), {1, 1, 1, o.nz}});
          return planned;
        },
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<VaeModel>(o); },
};

}  // namespace sumi
