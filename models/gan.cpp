#include "models/gan.h"

#include <algorithm>

#include "models/planned_network.h"
#include "models/training/class_labels.h"
#include "models/training/rng_streams.h"

namespace sumi {
namespace {

constexpr std::int64_t kReferenceBatch = 64;  // of virtual batch norm

// Classes 0, 1, ... in a cycle, or only `only`, one-hot [n,1,1,classes].
Tensor classes_in_turn(std::int64_t n, int classes, int only, DType dtype, const Device& device) {
  std::vector<float> rows(static_cast<std::size_t>(n * classes), 0);
  for (std::int64_t i = 0; i < n; ++i)
    rows[static_cast<std::size_t>(i * classes + (only == Model::kEveryClass ? i % classes : only))] = 1;
  return Tensor::from(rows, Shape::matrix(n, classes), dtype, device);
}

}  // namespace

Gan::Gan(const TrainOptions& o, const InfoCodes& codes)
    : Model(o),
      codes_(codes),
      classes_(condition_channels(o)),
      g_(network("g")),
      generator_(generators({"g"}, generator_rate(o))),
      d_(discriminator("d", RngStream::discriminator, codes.any() ? "q" : "")),
      noise_stream_(random_stream("noise", RngStream::noise)),
      latent_(o.latent, o.nz, o.seed, dtype(), device()) {
  RandomStream fixed(o.seed, stream_number(RngStream::fixed_noise));
  fixed_noise_ = noise(64, fixed);
  if (!o.virtual_batch_norm) return;
  RandomStream reference(o.seed, stream_number(RngStream::reference));
  reference_noise_ = noise(kReferenceBatch, reference);
  set_reference(g_, kReferenceBatch);
}

void Gan::train_step(Step& step) {
  // Update D: maximize log D(x) + log(1 - D(G(z))), or the loss of --gan-mode.
  const DiscriminatorStats stats = step.train(d_, [&](MicroBatch& batch) {
    const Tensor real = batch["real"] = batch.input(0);
    const Tensor z = batch["noise"] = training_noise(batch);
    Tensor fake;
    if (options().resample_noise) {
      const NoGrad no_grad;
      fake = batch["fake"] = forward_g(z);
    } else {
      fake = batch.generate("fake", [&] { return forward_g(z); });
    }
    return DiscriminatorInputs{{real, true, 1, labels(batch)},
                               {fake, false, 1, labels(batch), auxiliary_loss(step, z)}};
  });

  // Update G: maximize log D(G(z)).
  step.minimize(generator_, [&](MicroBatch& batch, Losses& loss) {
    Tensor z = batch["noise"], fake;
    if (options().resample_noise) {
      z = batch["noise_g"] = training_noise(batch);
      fake = forward_g(z);
    } else {
      fake = batch.generate("fake", [&] { return forward_g(z); });
    }
    Tensor loss_g = d_.generator_loss(fake, batch["real"], labels(batch), auxiliary_loss(step, z));
    if (options().mode_seeking > 0)
      loss_g = add(loss_g, affine(mode_seeking_loss(z, fake), options().mode_seeking));
    loss.add("loss_g", loss_g);
  });

  if (!step.updates_generators()) return;
  // Accuracy of D. A Wasserstein critic has no such bound: its distance is d_real - d_fake.
  const NoGrad no_grad;
  const GanLoss& loss = d_.loss();
  const Tensor right = sub(loss.share_real(stats.real_logits), loss.share_real(stats.fake_logits));
  step.report("d_accuracy", affine(right, 0.5, 0.5));
}

AuxiliaryLoss Gan::auxiliary_loss(Step&, const Tensor&) {
  return {};
}

Tensor Gan::forward_g(const Tensor& z) {
  if (!reference_noise_) return g_(z);
  const Tensor all = g_(concat({reference_noise_, z}, 0));
  Shape images = all.shape();
  images.n = z.shape().n;
  return slice(all, {kReferenceBatch, 0, 0, 0}, images);
}

Tensor Gan::latent(std::int64_t n, RandomStream& stream) const {
  const Tensor z = latent_.draw(n, stream);
  return codes_.any() ? concat({z, codes_.draw(n, stream, dtype(), device())}, 3) : z;
}

Tensor Gan::training_noise(const MicroBatch& batch) {
  const Tensor z = latent(batch.size(), noise_stream_);
  return classes_ > 0 ? concat({z, labels(batch)}, 3) : z;
}

Tensor Gan::noise(std::int64_t count, RandomStream& stream, int only) const {
  if (only != kEveryClass && classes_ == 0) fail_no_classes();
  const Tensor z = latent(count, stream);
  return classes_ > 0 ? concat({z, classes_in_turn(count, classes_, only, dtype(), device())}, 3) : z;
}

SampleGrid Gan::samples() {
  return {{generate(fixed_noise_, false)}, classes_ > 0 ? std::clamp(classes_, 2, 16) : 8};
}

Tensor Gan::generate(const Tensor& z, bool raw) {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(generator_, !raw);
  g_.set_training(false);
  const Tensor images = forward_g(z);
  g_.set_training(true);
  return images;
}

std::vector<PlannedNetwork> gan_networks(const TrainOptions& o, std::unique_ptr<Module> g,
                                         std::unique_ptr<Module> d, const InfoCodes& codes) {
  std::vector<PlannedNetwork> networks;
  networks.push_back({"g", std::move(g), {1, 1, 1, latent_size(o, codes)}});
  networks.push_back({"d", std::move(d), {1, o.size, o.size, o.channels + condition_channels(o)}});
  return networks;
}

}  // namespace sumi
