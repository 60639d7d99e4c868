#include "models/gan.h"

#include <algorithm>

#include "engine/runtime/device.h"
#include "models/training/class_labels.h"
#include "models/training/micro_batches.h"
#include "models/training/rng_streams.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike. 5 is Latent's.
constexpr std::int64_t kReferenceBatch = 64;  // of virtual batch norm

// All networks draw their first weights from one stream, in this order.
GanNetworks initialized(GanNetworks networks, const TrainOptions& o) {
  RandomStream stream(o.seed, kInit);
  for (Sequential* network : {networks.g.get(), networks.d.get(), networks.q.get()})
    if (network) initialize(*network, {o.init_type, o.init_gain}, stream);
  return networks;
}

}  // namespace

GanModel::GanModel(const TrainOptions& o, GanNetworks networks, const NetOptions& net)
    : GanModel(o, initialized(std::move(networks), o), net, Initialized{}) {}

GanModel::GanModel(const TrainOptions& o, GanNetworks networks, const NetOptions& net, Initialized)
    : Model(o),
      options_(o),
      net_(net),
      g_(std::move(networks.g)),
      g_trained_(std::make_unique<TrainableNetworks>(
          std::vector<std::pair<std::string, Module*>>{{"g", g_.get()}}, o, true)),
      d_(o, "d", std::move(networks.d), kAdversary, std::move(networks.q)),
      latent_(o.latent, o.nz, o.seed, net.dtype, net.device),
      codes_{o.categories, o.continuous},
      classes_(net.d.condition),
      diversity_(o.mode_seeking),
      lambda_info_(o.lambda_info),
      fresh_noise_(o.resample_noise),
      noise_stream_(o.seed, kNoise) {
  register_trainable(*g_trained_, generator_rate(o));
  register_trainable(d_);
  draws("noise", noise_stream_);
  RandomStream fixed(o.seed, kFixedNoise);
  fixed_noise_ = noise(64, fixed);
  if (!o.virtual_batch_norm) return;
  RandomStream reference(o.seed, kReference);
  reference_noise_ = noise(kReferenceBatch, reference);
  g_->set_reference(kReferenceBatch);
}

NetOptions net_options(const TrainOptions& o) {
  NetOptions net;
  net.size = o.size;
  net.channels = o.channels;
  net.ngf = o.ngf;
  net.ndf = o.ndf;
  net.variant = o.variant;
  net.bn_momentum = o.bn_momentum;
  net.dtype = dtype_of(o);
  net.device = parse_device(o.device);
  net.virtual_norm = o.virtual_batch_norm;
  net.upsample = o.upsample;
  net.d = discriminator_options(o);
  if (o.conditional) net.d.condition = static_cast<int>(class_names(o).at(0).size());
  net.nz = o.nz + o.categories + o.continuous + net.d.condition;
  return net;
}

std::vector<PlannedNetwork> plan_gan(const TrainOptions& o, GanNetworks networks) {
  const NetOptions net = net_options(o);
  std::vector<PlannedNetwork> planned;
  planned.push_back({"g", std::move(networks.g), {1, 1, 1, net.nz}});
  if (o.resample_noise)
    planned[0].work = 4;  // one more forward, for d
  else
    planned[0].redraw = 1;
  // d: forward and both gradients on real and on fake, and once more to reach g, without weight gradients. Without
  // batch norm real and fake go through together.
  const double kept = networks.d->uses_batch_statistics() ? 1 : 2;
  const Shape seen{1, o.size, o.size, o.channels + net.d.condition};
  planned.push_back({"d", std::move(networks.d), seen, 8, kept, 6});
  if (networks.q) planned.push_back({"q", std::move(networks.q), {1, 1, 1, head_features(net)}, 6, 1, 3});
  return planned;
}

std::vector<Model::Network> GanModel::networks() {
  std::vector<Network> all{{"g", g_.get(), {1, 1, 1, net_.nz}},
                           {"d", &d_.network(), {1, net_.size, net_.size, net_.channels + net_.d.condition}}};
  if (d_.head()) all.push_back({"q", d_.head(), {1, 1, 1, head_features(net_)}});
  return all;
}

Tensor GanModel::unconditional_noise(std::int64_t n, RandomStream& stream) const {
  const Tensor z = latent_.draw(n, stream);
  return codes_.any() ? concat({z, codes_.draw(n, stream, net_.dtype, net_.device)}, 3) : z;
}

Tensor GanModel::classes_in_turn(std::int64_t n, int only) const {
  std::vector<float> rows(static_cast<std::size_t>(n * classes_), 0);
  for (std::int64_t i = 0; i < n; ++i)
    rows[static_cast<std::size_t>(i * classes_ + (only == kEveryClass ? i % classes_ : only))] = 1;
  return Tensor::from(rows, Shape::matrix(n, classes_), net_.dtype, net_.device);
}

Tensor GanModel::noise_for(const Tensor& labels, std::int64_t n) {
  const Tensor z = unconditional_noise(n, noise_stream_);
  return labels ? concat({z, labels}, 3) : z;
}

Tensor GanModel::noise(std::int64_t count, RandomStream& stream, int only) const {
  if (only != kEveryClass && classes_ == 0) fail_no_classes();
  const Tensor z = unconditional_noise(count, stream);
  return classes_ > 0 ? concat({z, classes_in_turn(count, only)}, 3) : z;
}

Tensor GanModel::draw(const Tensor& z) {
  if (!reference_noise_) return (*g_)(z);
  const Tensor all = (*g_)(concat({reference_noise_, z}, 0));
  Shape drawn = all.shape();
  drawn.n = z.shape().n;
  return slice(all, {kReferenceBatch, 0, 0, 0}, drawn);
}

// Distance of noise over distance of pictures, of pairs: small where different noise gives different pictures (Mao 2019,
// mode-seeking regularization).
Tensor GanModel::diversity_loss(const Part& part) const {
  const std::int64_t half = part.noise.shape().n / 2;
  const auto apart = [&](const Tensor& x) {
    Shape s = x.shape();
    s.n = half;
    const Tensor distance = abs(sub(slice(x, {0, 0, 0, 0}, s), slice(x, {half, 0, 0, 0}, s)));
    return sum_to(distance, {half, 1, 1, 1},
                  static_cast<double>(half) / static_cast<double>(distance.count()));
  };
  return mean(div(apart(part.noise), affine(apart(part.fake), 1, 1e-5)));
}

// q and d's trunk learn to read the codes from the pictures, and g to show them.
DiscriminatorTrainer::AuxiliaryLoss GanModel::head_loss(const Part& part) {
  if (!codes_.any()) return {};
  const Tensor codes = slice(part.noise, {0, 0, 0, net_.nz - classes_ - codes_.width()},
                             Shape::matrix(part.noise.shape().n, codes_.width()));
  return [this, codes](const Tensor& head) {
    const Tensor lost = codes_.loss(head, codes);
    last_info_ = lost.detach();
    return affine(lost, lambda_info_);
  };
}

DiscriminatorTrainer::DiscriminatorStats GanModel::train_d(Tape& tape, const std::vector<Part>& parts) {
  std::vector<std::vector<DiscriminatorTrainer::DiscriminatorInput>> shown;
  for (const Part& part : parts)
    shown.push_back({{part.real, true, 1, part.labels}, {part.fake, false, 1, part.labels, head_loss(part)}});
  return d_.train(tape, shown);
}

// L_G through the updated d, whose own gradients nobody needs now.
Tensor GanModel::train_g(Tape& tape, std::vector<Part>& parts) {
  const FreezeGuard frozen(d_.arena());
  const auto losses = [&](std::size_t batch) {
    Part& part = parts[batch];
    if (parts.size() > 1) part.fake = draw(part.noise);
    Tensor loss = d_.generator_loss(part.fake, part.real, part.labels, head_loss(part));
    if (diversity_ > 0) loss = add(loss, affine(diversity_loss(part), diversity_));
    return std::vector<Tensor>{loss};
  };
  return g_trained_->train(tape, parts.size(), losses)[0];
}

std::vector<Stat> GanModel::run_step(const std::vector<Tensor>& domains) {
  const MicroBatches batches(options_, domains);
  Tape tape;
  DiscriminatorTrainer::DiscriminatorStats judged;
  std::vector<Part> parts;
  for (int update = 0; update < batches.updates(); ++update) {
    parts.clear();
    for (const std::vector<Tensor>& batch : batches.of(update)) {
      Part& part = parts.emplace_back();
      part.real = batch.at(0);
      if (classes_ > 0) part.labels = batch.at(1);
      part.noise = noise_for(part.labels, batches.pictures());
      if (fresh_noise_) {
        const NoGrad no_grad;
        part.fake = draw(part.noise);
      } else {
        part.fake = batches.draw(update, [&] { return draw(part.noise); });
      }
    }
    judged = train_d(tape, parts);
  }
  last_real_ = parts.back().real;
  last_noise_ = parts.back().noise;
  last_fake_ = parts.back().fake.detach();
  if (fresh_noise_)
    for (Part& part : parts) {
      last_noise_g_ = part.noise = noise_for(part.labels, batches.pictures());
      if (parts.size() == 1) part.fake = draw(part.noise);
    }
  const Tensor loss_g = train_g(tape, parts);

  const NoGrad no_grad;
  const GanLoss& loss = d_.loss();
  std::vector<Stat> stats{{"loss_d", judged.loss},
                          {"loss_g", loss_g},
                          {"d_real", loss.mean_score(judged.real_logits)},
                          {"d_fake", loss.mean_score(judged.fake_logits)}};
  // Of the reals, less of the fakes. A critic has no such bound: its distance is d_real - d_fake.
  const Tensor right = sub(loss.share_real(judged.real_logits), loss.share_real(judged.fake_logits));
  stats.emplace_back("d_accuracy", affine(right, 0.5, 0.5));
  if (codes_.any()) stats.emplace_back("loss_info", last_info_);
  return stats;
}

std::vector<std::pair<std::string, Tensor>> GanModel::debug_tensors() const {
  std::vector<std::pair<std::string, Tensor>> batch{
      {"real", last_real_}, {"noise", last_noise_}, {"fake", last_fake_}};
  if (fresh_noise_) batch.emplace_back("noise_g", last_noise_g_);
  return batch;
}

SampleGrid GanModel::samples() {
  if (codes_.any()) return code_sheet();
  return {{generate(fixed_noise_, false)}, classes_ > 0 ? std::clamp(classes_, 2, 16) : 8};
}

// What the codes do: a row for each of five noises with the categories side by side, then for each continuous code five
// rows in which it goes from -2 to 2 (Chen 2016, figure 2).
SampleGrid GanModel::code_sheet() {
  const int columns = std::clamp(codes_.categories, 8, 16), rows = 5, width = codes_.width();
  const std::vector<float> fixed = fixed_noise_.to_vector<float>();
  const auto nz = static_cast<std::size_t>(net_.nz);
  const std::size_t first = nz - static_cast<std::size_t>(classes_ + width);
  std::vector<float> inputs;
  for (int sheet = codes_.categories > 0 ? 0 : 1; sheet <= codes_.continuous; ++sheet)
    for (int row = 0; row < rows; ++row)
      for (int column = 0; column < columns; ++column) {
        std::vector<float> z(
            fixed.begin() + static_cast<std::ptrdiff_t>(nz * static_cast<std::size_t>(row)),
            fixed.begin() + static_cast<std::ptrdiff_t>(nz * static_cast<std::size_t>(row + 1)));
        std::fill_n(z.begin() + static_cast<std::ptrdiff_t>(first), width, 0.f);
        if (codes_.categories > 0) {
          const int category = (sheet == 0 ? column : row) % codes_.categories;
          z[first + static_cast<std::size_t>(category)] = 1;
        }
        if (sheet > 0)
          z[first + static_cast<std::size_t>(codes_.categories + sheet - 1)] =
              -2 + 4 * static_cast<float>(column) / static_cast<float>(columns - 1);
        inputs.insert(inputs.end(), z.begin(), z.end());
      }
  const auto count = static_cast<std::int64_t>(inputs.size() / nz);
  const Tensor z = Tensor::from(inputs, Shape::matrix(count, net_.nz), net_.dtype, net_.device);
  return {{generate(z, false)}, columns};
}

Tensor GanModel::generate(const Tensor& z, bool raw) {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(*g_trained_, !raw);
  g_->set_training(false);
  const Tensor pictures = draw(z);
  g_->set_training(true);
  return pictures;
}

}  // namespace sumi
