#include "models/training/training_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/runtime/device.h"
#include "models/registry.h"
#include "models/settings.h"

namespace sumi {
namespace fs = std::filesystem;

namespace {

// The folders (or IDX file) of the model's domains.
std::vector<fs::path> data_paths(const TrainOptions& o) {
  if (model_spec(o.model).requirements.packed) return {o.data_a};
  if (model_spec(o.model).requirements.classifies) {
    std::error_code error;
    if (fs::exists(o.data, error)) return {o.data};  // a name with a comma
    std::vector<fs::path> sets;
    for (std::size_t at = 0; at <= o.data.size();) {
      const auto end = std::min(o.data.find(',', at), o.data.size());
      sets.emplace_back(o.data.substr(at, end - at));
      at = end + 1;
    }
    return sets;
  }
  if (domains_of(o) == 1) return {o.data};
  const fs::path parent = o.data;
  return {o.data_a.empty() ? parent / "trainA" : fs::path(o.data_a),
          o.data_b.empty() ? parent / "trainB" : fs::path(o.data_b)};
}

DatasetSpec dataset_spec(const TrainOptions& o) {
  DatasetSpec spec;
  spec.size = o.size.width;
  if (!o.size.is_square()) spec.height = o.size.height;
  if (takes_crops(o)) {
    spec.preprocess = o.preprocess == "crop"                   ? Preprocess::crop
                      : o.preprocess == "scale_width"          ? Preprocess::scale_width
                      : o.preprocess == "scale_width_and_crop" ? Preprocess::scale_width_and_crop
                      : o.preprocess == "none"                 ? Preprocess::none
                                                               : Preprocess::resize_and_crop;
    spec.load_size = o.load_size;
    spec.crop_size = o.crop_size;
  }
  spec.channels = example_channels(o);
  spec.bits = o.bits;
  spec.max_items = o.max_items;
  spec.labels = label_rule(o);
  spec.cache_dir = o.cache;
  spec.workers = o.workers;
  spec.batch_size = static_cast<int>(images_per_step(o));
  spec.seed = o.seed;
  spec.flip = o.flip;
  spec.replacement = o.sample_with_replacement;
  return spec;
}

void set_pairs(DatasetSpec& spec, const TrainOptions& o) {
  const fs::path parent = o.data;
  const auto holds = [&](const char* folder) {
    std::error_code error;
    return fs::is_directory(parent / folder, error);
  };
  spec.degradation = degradation_of(o);
  spec.from_b = o.direction == "BtoA";
  if (spec.degradation.task != RestorationTask::none) {
    spec.pairs = Pairs::made;
    spec.data = parent;
  } else if (!o.data_a.empty() || holds("trainA")) {
    spec.pairs = Pairs::folders;
    spec.data = o.data_a.empty() ? parent / "trainA" : fs::path(o.data_a);
    spec.partner = o.data_b.empty() ? parent / "trainB" : fs::path(o.data_b);
  } else {
    spec.pairs = Pairs::side_by_side;
    spec.data = holds("train") ? parent / "train" : parent;
  }
}

}  // namespace

Degradation degradation_of(const TrainOptions& o) {
  return {task_named(o.task), o.factor, o.noise};
}

LabelRule label_rule(const TrainOptions& o) {
  if (!wants_labels(o)) return {};
  LabelRule rule{LabelSource::automatic};
  const std::string& text = o.labels;
  const std::string with_separator = "prefix:";
  if (text == "folder")
    rule.source = LabelSource::folder;
  else if (text == "file")
    rule.source = LabelSource::file;
  else if (text == "prefix")
    rule.source = LabelSource::prefix;
  else if (text.starts_with(with_separator) && text.size() > with_separator.size())
    rule = {LabelSource::prefix, text.substr(with_separator.size())};
  else if (text == "none")
    fail("--labels",
         "none does not suit this model, which learns from labels; use auto, folder, prefix or file");
  else if (text != "auto")
    fail("--labels", fmt::format("unknown '{}'; use auto, folder, prefix, prefix:SEPARATOR or file", text));
  return rule;
}

std::vector<DatasetSpec> dataset_specs(const TrainOptions& o) {
  DatasetSpec spec = dataset_spec(o);
  if (model_spec(o.model).requirements.paired) {
    set_pairs(spec, o);
    return {spec};
  }
  std::vector<DatasetSpec> all;
  for (const fs::path& path : data_paths(o)) {
    all.push_back(spec);
    all.back().data = path;
  }
  if (model_spec(o.model).requirements.smooth_edges) {
    all.push_back(all.back());
    all.back().smooth_edges = true;
  }
  return all;
}

void check_data_given(const TrainOptions& o) {
  if (const PackedExamples* packed = model_spec(o.model).requirements.packed) {
    packed->check(o);
  } else if (model_spec(o.model).requirements.paired) {
    if (!o.data_a.empty() && o.data_b.empty() && o.data.empty())
      fail("--data-b", "is missing: the partners of --data-a");
    if (o.data_a.empty() && o.data.empty())
      fail("--data", "is missing: a folder of pairs (or --data-a and --data-b); with --task, of any images");
  } else if (domains_of(o) > 1) {
    if (o.data.empty() && (o.data_a.empty() || o.data_b.empty()))
      fail("--data-a", "and --data-b are missing: two folders of images (or --data with trainA and trainB)");
  } else if (o.data.empty()) {
    fail("--data", "is missing: a folder of images or an idx.gz file");
  }
}

void check_counts(const std::vector<Dataset>& sets, const TrainOptions& o) {
  if (o.sample_with_replacement) return;
  for (const Dataset& data : sets) {
    if (images_per_step(o) <= data.count()) continue;
    const std::int64_t parts = images_per_step(o) / o.batch_size, most = data.count() / parts;
    fail("data " + data.source().string(),
         fmt::format("has {} image{}, and a step takes {}{}; lower {}, add images, or sample each from the "
                     "whole set with --sample-with-replacement",
                     data.count(), data.count() == 1 ? "" : "s", images_per_step(o),
                     parts == 1 ? ""
                                : fmt::format(" (--batch-size {} x --n-critic {} x --accumulate {})",
                                              o.batch_size, o.n_critic, o.accumulate),
                     most > 0 ? fmt::format("--batch-size to {}", most) : "--n-critic or --accumulate"));
  }
}

Tensor to_tensor(const Batch& batch, const TrainOptions& options, Staging& staging) {
  return staging.upload(batch.data, {batch.n, batch.h, batch.w, batch.c}, dtype_of(options));
}

std::vector<std::vector<Tensor>> sample_images(const BatchLoader& loader, const TrainOptions& options,
                                               std::int64_t count) {
  // The same number for each domain, so that the rows of the sheet line up.
  for (std::size_t domain = 0; domain < loader.domains(); ++domain)
    count = std::min(count, loader.dataset(domain).count());
  std::vector<std::vector<Tensor>> all;
  for (std::size_t which = 0; which < loader.batches(); ++which) {
    const std::int64_t pictures = loader.dataset(which % loader.domains()).count();
    auto& tensors = all.emplace_back();
    for (std::int64_t i = 0; i < count; ++i) {
      const Batch batch = loader.middle(which, i * pictures / count);
      tensors.push_back(Tensor::from(batch.data, {batch.n, batch.h, batch.w, batch.c}, dtype_of(options),
                                     parse_device(options.device)));
    }
  }
  return all;
}

void check_image_sizes(const BatchLoader& loader, const TrainOptions& options, Model& model) {
  if (images_have_one_size(options)) return;
  for (std::size_t domain = 0; domain < loader.domains(); ++domain) {
    const Dataset& data = loader.dataset(domain);
    std::set<std::pair<int, int>> sizes;
    for (std::int64_t i = 0; i < data.count(); ++i) sizes.emplace(loader.width(domain, i), data.height(i));
    for (const auto& [w, h] : sizes)
      for (const Model::Network& network : model.networks()) {
        try {
          Cost unused;
          network.module->infer_shape({1, h, w, network.input.c}, unused);
        } catch (const Error& error) {
          fail("data " + data.source().string(),
               fmt::format("holds images of {}x{}, which {} cannot take ({}); leave them out, or use "
                           "--preprocess resize_and_crop",
                           w, h, network.name, error.what()));
        }
      }
  }
}

namespace {

std::uint64_t joined_keys(const BatchLoader& loader, std::uint64_t (Dataset::*key)() const) {
  std::uint64_t all = 0;
  for (std::size_t domain = 0; domain < loader.domains(); ++domain)
    all = all * 0x9e3779b97f4a7c15u + (loader.dataset(domain).*key)();
  return all;
}

}  // namespace

std::uint64_t data_key(const BatchLoader& loader) {
  return joined_keys(loader, &Dataset::key);
}

std::uint64_t data_content(const BatchLoader& loader) {
  return joined_keys(loader, &Dataset::content_key);
}

}  // namespace sumi
