// The classifier whose backbone is sumi's own feature network. It learns the classes within each of
// several data sets, and never which set an image comes from, so that its features describe the
// image content rather than the set.
#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/device.h"
#include "models/inference/feature_backbone.h"
#include "models/inference/feature_network.h"
#include "models/inference/load_features.h"
#include "models/model.h"
#include "models/options/option_groups.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/training/class_labels.h"
#include "models/training/rng_streams.h"

namespace sumi {
namespace {

std::unique_ptr<Sequential> make_head(const TrainOptions& o, std::size_t classes) {
  auto head = std::make_unique<Sequential>();
  LayerSpec s;
  s.map = BlockOptions::MapKind::dense;
  s.in = 8 * o.width;
  s.out = static_cast<std::int64_t>(classes);
  s.name = "fc";
  head->add(s, dtype_of(o), parse_device(o.device));
  return head;
}

// "f" and "head1", "head2", ...: one head for each set.
std::vector<PlannedNetwork> classifier_networks(const TrainOptions& o) {
  std::vector<PlannedNetwork> networks;
  networks.push_back({"f",
                      feature_trunk(o.channels, o.width, dtype_of(o), parse_device(o.device)),
                      {1, o.size, o.size, o.channels}});
  const auto sets = class_names(o);
  for (std::size_t i = 0; i < sets.size(); ++i)
    networks.push_back({fmt::format("head{}", i + 1), make_head(o, sets[i].size()), {1, 1, 1, 8 * o.width}});
  return networks;
}

class Classifier final : public Model {
 public:
  explicit Classifier(const TrainOptions& o) : Model(o), backbone_(network("f")) {
    std::vector<std::string> all;
    for (const Network& n : networks()) all.push_back(n.name);
    trained_ = &generators(all, o.lr);
    for (std::size_t i = 1; i < all.size(); ++i) heads_.push_back(&network(all[i]));
  }

  int domains() const override { return static_cast<int>(sets()); }

  // Rows of an image and the feature maps before each pool, as the mean over channels.
  SampleGrid samples() override;
  int num_sample_images() const override { return 6; }
  void set_sample_images(const std::vector<std::vector<Tensor>>& images) override { shown_ = images; }
  Tensor classify(const Tensor& images, std::size_t set) override;

 protected:
  void train_step(Step& step) override;

 private:
  std::size_t sets() const { return heads_.size(); }

  Module& backbone_;
  std::vector<Module*> heads_;  // one for each set
  TrainableNetworks* trained_;
  std::vector<std::vector<Tensor>> shown_;
};

// Fraction of rows whose true class has the largest logit, computed on the device.
Tensor share_right(const Tensor& logits, const Tensor& one_hot) {
  const Shape rows{logits.shape().n, 1, 1, 1};
  const Tensor larger = heaviside(sub(logits, sum_to(mul(logits, one_hot), rows)));
  return affine(mean(heaviside(sum_to(larger, rows))), -1, 1);
}

void Classifier::train_step(Step& step) {
  step.minimize(*trained_, [&](MicroBatch& batch, Losses& loss) {
    std::vector<Tensor> images, right;
    for (std::size_t i = 0; i < sets(); ++i) {
      images.push_back(batch[fmt::format("real{}", i + 1)] = batch.input(i));
      batch[fmt::format("labels{}", i + 1)] = batch.input(sets() + i);
    }
    // All sets in one batch, so that training uses the batch statistics of the mixture.
    const Tensor features = backbone_(sets() > 1 ? concat(images, 0) : images[0]);
    const std::int64_t n = batch.size(), c = features.shape().c;
    Tensor sum;
    for (std::size_t i = 0; i < sets(); ++i) {
      const Tensor mine =
          sets() > 1 ? slice(features, {static_cast<std::int64_t>(i) * n, 0, 0, 0}, {n, 1, 1, c}) : features;
      const Tensor logits = (*heads_[i])(mine), labels = batch.input(sets() + i);
      const Tensor entropy = cross_entropy(logits, labels);
      sum = sum ? add(sum, entropy) : entropy;
      right.push_back(share_right(logits.detach(), labels));
    }
    loss.add("loss", affine(sum, 1.0 / static_cast<double>(sets())));
    loss.report("accuracy", mean(concat(right, 3)));
    for (std::size_t i = 0; i < sets() && sets() > 1; ++i)
      loss.report(fmt::format("accuracy_{}", i + 1), right[i]);
  });
}

Tensor Classifier::classify(const Tensor& pictures, std::size_t set) {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(*trained_, true);
  backbone_.set_training(false);
  const Tensor logits = (*heads_[set])(backbone_(pictures));
  backbone_.set_training(true);
  return logits;
}

SampleGrid Classifier::samples() {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(*trained_, true);
  const std::vector<std::string> layers{"relu1_2", "relu2_2", "relu3_2", "relu4_1"};
  const FeatureNetwork network = freeze_trunk(backbone_, options().channels, dtype(), device());
  SampleGrid sheet{{}, static_cast<int>(layers.size()) + 1};
  for (const auto& set : shown_)
    for (const Tensor& picture : set) {
      sheet.pictures.push_back(picture);
      for (const Tensor& map : network(picture, layers)) {
        const Shape& s = map.shape();
        const Shape gray{1, s.h, s.w, 1};
        auto levels = sum_to(map, gray, 1.0 / static_cast<double>(s.c)).to_vector<double>();
        const double most = std::max(*std::max_element(levels.begin(), levels.end()), 1e-12);
        for (double& v : levels) v = 2 * v / most - 1;
        const Tensor small = Tensor::from(levels, gray, map.dtype(), map.device());
        const Tensor large =
            resize2d(small, options().size, options().size, {ResizeMode::nearest, ResizeCoords::half_pixel});
        sheet.pictures.push_back(options().channels == 3 ? concat({large, large, large}, 3) : large);
      }
    }
  return sheet;
}

}  // namespace

extern const ModelSpec classifier_spec{
    .name = "classifier",
    .former_names = {{"features"}},
    .summary = "image classifier whose layers are features for losses and metrics",
    .reference = "after Simonyan 2014, with batch norm",
    .data =
        "labeled images: subfolders, prefixes of names, or an idx.gz file; several sets with commas "
        "between",
    .requirements = {.classifies = true, .labeled = [](const TrainOptions&) { return true; }},
    .options = add_groups<CommonOptions, SquareOptions, LabelOptions, ValidationOptions, BackboneOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.size = 48;
          o.val_every = 10;
          o.batch_size = 32;
          o.lr = 2e-3;
          o.beta1 = 0.9;
          o.init_type = "kaiming";
          o.init_gain = 1;
          o.epochs = 10;
          o.lr_policy = "cosine";
        },
    .check =
        [](const TrainOptions& o) {
          if (o.size < 8) fail("--size", fmt::format("{} is too small for features; use 8 or more", o.size));
        },
    .networks = classifier_networks,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<Classifier>(o); },
};

}  // namespace sumi
