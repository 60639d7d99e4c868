// The classifier whose trunk is sumi's own feature network. It tells the kinds of pictures within one or several sets apart; which
// set a picture is from it is never asked, so the features must be of what is drawn and not of how a set was made.
#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/device.h"
#include "models/inference/feature_backbone.h"
#include "models/inference/feature_network.h"
#include "models/registry.h"
#include "models/training/class_labels.h"
#include "models/training/micro_batches.h"
#include "models/training/rng_streams.h"
#include "models/training/trainable_networks.h"
#include "models/training/training_data.h"

namespace sumi {
namespace {

std::unique_ptr<Sequential> make_head(const TrainOptions& o, std::size_t set, std::size_t classes) {
  auto head = std::make_unique<Sequential>(fmt::format("head{}", set + 1));
  LayerSpec s;
  s.linear = BlockOptions::Linear::dense;
  s.in = 8 * o.width;
  s.out = static_cast<std::int64_t>(classes);
  s.name = "fc";
  head->add(s, dtype_of(o), parse_device(o.device));
  return head;
}

// "f" and "head1", "head2", ...: a head for each set.
std::vector<PlannedNetwork> plan_features(const TrainOptions& o) {
  std::vector<PlannedNetwork> planned;
  const auto sets = class_names(o);
  planned.push_back({"f",
                     feature_trunk(o.channels, o.width, dtype_of(o), parse_device(o.device)),
                     {1, o.size, o.size, o.channels}});
  planned[0].work = 3 * static_cast<double>(sets.size());
  planned[0].kept = static_cast<double>(sets.size());
  for (std::size_t i = 0; i < sets.size(); ++i) {
    auto head = make_head(o, i, sets[i].size());
    const std::string name = head->name();
    planned.push_back({name, std::move(head), {1, 1, 1, 8 * o.width}});
  }
  return planned;
}

class FeaturesModel final : public Model {
 public:
  explicit FeaturesModel(const TrainOptions& o) : Model(o), options_(o) {
    RandomStream init(o.seed, kInit);
    std::vector<std::pair<std::string, Module*>> modules;
    for (PlannedNetwork& planned : plan_features(o)) {
      initialize(*planned.module, {o.init_type, o.init_gain}, init);
      networks_.push_back(std::move(planned));
      modules.emplace_back(networks_.back().name, networks_.back().module.get());
    }
    trained_ = std::make_unique<TrainableNetworks>(modules, o, true);
    register_trainable(*trained_, o.lr);
    for (std::size_t i = 0; i < sets(); ++i)
      if (sets() > 1) stat_names_.push_back(fmt::format("accuracy_{}", i + 1));
  }

  std::vector<Network> networks() override {
    std::vector<Network> list;
    for (const PlannedNetwork& n : networks_) list.push_back({n.name, n.module.get(), n.input});
    return list;
  }
  int domains() const override { return static_cast<int>(sets()); }
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const override { return last_; }

  // Rows of a picture and what the layers before each pool make of it: the mean over channels, gray.
  SampleGrid samples() override;
  int num_sample_images() const override { return 6; }
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override { shown_ = pictures; }
  Tensor classify(const Tensor& pictures, std::size_t set) override;

 protected:
  std::vector<Stat> run_step(const std::vector<Tensor>& real) override;

 private:
  struct BatchResult {
    Tensor loss;
    std::vector<Tensor> right;  // of each set: the share told right
  };
  // Pictures of each set, then their labels.
  BatchResult look_at(const std::vector<Tensor>& real);
  std::size_t sets() const { return networks_.size() - 1; }
  Module& trunk() { return *networks_[0].module; }
  Module& head(std::size_t set) { return *networks_[1 + set].module; }

  TrainOptions options_;
  std::vector<PlannedNetwork> networks_;
  std::unique_ptr<TrainableNetworks> trained_;
  std::vector<std::string> stat_names_;
  std::vector<std::pair<std::string, Tensor>> last_;
  std::vector<std::vector<Tensor>> shown_;
};

// The share of rows whose true class has the largest logit, computed on the device.
Tensor share_right(const Tensor& logits, const Tensor& one_hot) {
  const Shape rows{logits.shape().n, 1, 1, 1};
  const Tensor larger = step(sub(logits, sum_to(mul(logits, one_hot), rows)));
  return affine(mean(step(sum_to(larger, rows))), -1, 1);
}

FeaturesModel::BatchResult FeaturesModel::look_at(const std::vector<Tensor>& real) {
  const std::vector<Tensor> pictures(real.begin(), real.begin() + static_cast<std::ptrdiff_t>(sets()));
  // All sets in one batch: batch norm sees in training what it sees later.
  const Tensor features = trunk()(sets() > 1 ? concat(pictures, 0) : pictures[0]);
  const std::int64_t n = pictures[0].shape().n, c = features.shape().c;
  BatchResult result;
  for (std::size_t i = 0; i < sets(); ++i) {
    const Tensor mine =
        sets() > 1 ? slice(features, {static_cast<std::int64_t>(i) * n, 0, 0, 0}, {n, 1, 1, c}) : features;
    const Tensor logits = head(i)(mine);
    const Tensor mine_loss = cross_entropy(logits, real[sets() + i]);
    result.loss = result.loss ? add(result.loss, mine_loss) : mine_loss;
    result.right.push_back(share_right(logits.detach(), real[sets() + i]));
  }
  result.loss = affine(result.loss, 1.0 / static_cast<double>(sets()));
  return result;
}

std::vector<Stat> FeaturesModel::run_step(const std::vector<Tensor>& real) {
  const MicroBatches steps(options_, real);
  const std::vector<std::vector<Tensor>> batches = steps.of(0);
  std::vector<std::vector<Tensor>> rights(sets());  // of each set, one for each batch
  Tape tape;
  const Tensor loss = trained_->train(tape, batches.size(), [&](std::size_t batch) {
    BatchResult result = look_at(batches[batch]);
    for (std::size_t i = 0; i < sets(); ++i) rights[i].push_back(std::move(result.right[i]));
    return std::vector<Tensor>{std::move(result.loss)};
  })[0];
  last_.clear();
  for (std::size_t i = 0; i < sets(); ++i) {
    last_.emplace_back(fmt::format("real{}", i + 1), batches.back()[i]);
    last_.emplace_back(fmt::format("labels{}", i + 1), batches.back()[sets() + i]);
  }
  const NoGrad no_grad;
  std::vector<Tensor> right;
  for (const std::vector<Tensor>& of_set : rights)
    right.push_back(of_set.size() > 1 ? mean(concat(of_set, 3)) : of_set[0]);
  std::vector<Stat> stats{{"loss", loss}, {"accuracy", affine(mean(concat(right, 3)), 1)}};
  for (std::size_t i = 0; i < stat_names_.size(); ++i) stats.emplace_back(stat_names_[i].c_str(), right[i]);
  return stats;
}

Tensor FeaturesModel::classify(const Tensor& pictures, std::size_t set) {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(*trained_, true);
  trunk().set_training(false);
  const Tensor logits = head(set)(trunk()(pictures));
  trunk().set_training(true);
  return logits;
}

SampleGrid FeaturesModel::samples() {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(*trained_, true);
  const std::vector<std::string> layers{"relu1_2", "relu2_2", "relu3_2", "relu4_1"};
  const FeatureNetwork network =
      freeze_trunk(trunk(), options_.channels, dtype_of(options_), parse_device(options_.device));
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
            resize2d(small, options_.size, options_.size, {ResizeMode::nearest, ResizeCoords::half_pixel});
        sheet.pictures.push_back(options_.channels == 3 ? concat({large, large, large}, 3) : large);
      }
    }
  return sheet;
}

}  // namespace

const ModelSpec features_spec{
    .name = "features",
    .summary = "classifier whose layers are sumi's own features, for losses and measures",
    .reference = "after Simonyan 2014, with batch norm",
    .data =
        "labeled pictures: subfolders, prefixes of names, or an idx.gz file; several sets with commas "
        "between",
    .classifies = true,
    .labeled = [](const TrainOptions&) { return true; },
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
    .networks = plan_features,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> {
      return std::make_unique<FeaturesModel>(o);
    },
};

}  // namespace sumi
