#include "models/training_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/device.h"

namespace sumi {
namespace fs = std::filesystem;

// The folders (or idx file) of the model's domains.
std::vector<fs::path> data_paths(const TrainOptions& o) {
  if (o.model != "cyclegan") return {o.data};
  const fs::path parent = o.data;
  return {o.data_a.empty() ? parent / "trainA" : fs::path(o.data_a),
          o.data_b.empty() ? parent / "trainB" : fs::path(o.data_b)};
}

DatasetSpec dataset_spec(const TrainOptions& o) {
  DatasetSpec spec;
  spec.size = o.size;
  if (o.model == "cyclegan") {
    spec.preprocess = o.preprocess == "crop"                   ? Preprocess::crop
                      : o.preprocess == "scale_width"          ? Preprocess::scale_width
                      : o.preprocess == "scale_width_and_crop" ? Preprocess::scale_width_and_crop
                      : o.preprocess == "none"                 ? Preprocess::none
                                                               : Preprocess::resize_and_crop;
    spec.load_size = o.load_size;
    spec.crop_size = o.crop_size;
  }
  spec.channels = o.channels;
  spec.max_items = o.max_items;
  spec.cache_dir = o.cache;
  spec.workers = o.workers;
  spec.batch_size = o.batch_size;
  spec.seed = o.seed;
  spec.flip = !o.no_flip;
  return spec;
}

namespace {

DType data_dtype(const TrainOptions& options) {
  return options.precision == "f64" ? DType::f64 : DType::f32;
}

// The middle of a picture, as large as the crops of training.
Tensor sample_picture(const Dataset& data, std::int64_t i, const TrainOptions& options) {
  const bool crop = pictures_have_one_size(options);
  const std::int64_t width = data.width(i), height = data.height(i), c = data.channels();
  const std::int64_t w = crop ? options.crop_size : width, h = crop ? options.crop_size : height;
  const std::int64_t left = (width - w) / 2, top = (height - h) / 2;
  std::vector<float> levels;
  for (std::int64_t y = 0; y < h; ++y) {
    const std::uint8_t* row = data.item(i) + ((top + y) * width + left) * c;
    for (std::int64_t k = 0; k < w * c; ++k) levels.push_back(static_cast<float>(row[k]) / 127.5f - 1.0f);
  }
  return Tensor::from(levels, {1, h, w, c}, data_dtype(options), parse_device(options.device));
}

}  // namespace

Tensor to_tensor(const Batch& batch, const TrainOptions& options, Staging& staging) {
  return staging.upload(batch.data, {batch.n, batch.h, batch.w, batch.c}, data_dtype(options));
}

std::vector<std::vector<Tensor>> sample_pictures(const BatchLoader& loader, const TrainOptions& options) {
  std::int64_t count = 6;  // the same of each, so that rows of the sheet line up
  for (std::size_t domain = 0; domain < loader.domains(); ++domain)
    count = std::min(count, loader.dataset(domain).count());
  std::vector<std::vector<Tensor>> domains;
  for (std::size_t domain = 0; domain < loader.domains(); ++domain) {
    const Dataset& data = loader.dataset(domain);
    auto& pictures = domains.emplace_back();
    for (std::int64_t i = 0; i < count; ++i)
      pictures.push_back(sample_picture(data, i * data.count() / count, options));
  }
  return domains;
}

void check_picture_sizes(const BatchLoader& loader, const TrainOptions& options, Model& model) {
  if (pictures_have_one_size(options)) return;
  for (std::size_t domain = 0; domain < loader.domains(); ++domain) {
    const Dataset& data = loader.dataset(domain);
    std::set<std::pair<int, int>> sizes;
    for (std::int64_t i = 0; i < data.count(); ++i) sizes.emplace(data.width(i), data.height(i));
    for (const auto& [w, h] : sizes)
      for (const Model::Network& network : model.networks()) {
        try {
          Cost unused;
          network.module->plan({1, h, w, options.channels}, unused);
        } catch (const Error& error) {
          fail("data " + data.source().string(),
               fmt::format("holds pictures of {}x{}, which {} cannot take ({}); leave them out, or use "
                           "--preprocess resize_and_crop",
                           w, h, network.name, error.what()));
        }
      }
  }
}

std::uint64_t data_key(const BatchLoader& loader) {
  std::uint64_t key = 0;
  for (std::size_t domain = 0; domain < loader.domains(); ++domain)
    key = key * 0x9e3779b97f4a7c15u + loader.dataset(domain).key();
  return key;
}

}  // namespace sumi
