#include "models/judges/model_images.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/runtime/device.h"
#include "models/objectives/gan_loss.h"
#include "models/settings.h"
#include "models/training/image_grid.h"

namespace sumi {
namespace {

constexpr std::int64_t kModelBatch = 64;  // images in memory as floats at once

// The colors over white of an image with alpha (engine/image/image.h).
Image8 without_alpha(Image8 image) {
  if (image.channels != 4) return image;
  Image8 colors(image.width, image.height, 3);
  for (std::size_t i = 0; i < colors.data.size(); ++i) colors.data[i] = image.data[i / 3 * 4 + i % 3];
  return colors;
}

Image8 square(const Tensor& tensor, int side) {
  Image8 image = without_alpha(to_images(tensor).front());
  return image.width == side && image.height == side ? image : square_image(image, side);
}

}  // namespace

int judged_side(const TrainOptions& options) {
  const ImageSize size = image_size(options);
  return std::min(size.width, size.height);
}

ImageSet generated_set(Model& model, const TrainOptions& options, std::size_t count, std::uint64_t seed,
                       bool raw) {
  const NoGrad no_grad;
  RandomStream stream(seed, kGenerateStream);
  const Tensor noise = model.noise(static_cast<std::int64_t>(count), stream);
  const std::vector<float> values = noise.to_vector<float>();
  Shape shape = noise.shape();
  const std::int64_t length = shape.count() / shape.n;
  std::vector<Image8> images;
  for (std::int64_t first = 0; first < noise.shape().n; first += kModelBatch) {
    shape.n = std::min(kModelBatch, noise.shape().n - first);
    const auto begin = values.begin() + first * length;
    const Tensor part =
        Tensor::from(std::vector<float>(begin, begin + shape.count()), shape, noise.dtype(), noise.device());
    for (Image8& image : to_images(model.generate(part, raw)))
      images.push_back(without_alpha(std::move(image)));
  }
  return image_set(std::move(images), judged_side(options));
}

LoadedImages loaded_images(const BatchLoader& loader, std::size_t which, const TrainOptions& options,
                           std::size_t most) {
  const auto all = static_cast<std::size_t>(loader.dataset(which % loader.domains()).count());
  LoadedImages loaded;
  loaded.count = most == 0 ? all : std::min(most, all);
  const DType dtype = dtype_of(options);
  const Device device = parse_device(options.device);
  const auto batch = [&loader, which, all, count = loaded.count](std::size_t i) {
    return loader.middle(which, static_cast<std::int64_t>(i * all / count));
  };
  loaded.tensor = [batch, dtype, device](std::size_t i) {
    const Batch one = batch(i);
    return Tensor::from(one.data, {one.n, one.h, one.w, one.c}, dtype, device);
  };
  const int side = judged_side(options);
  loaded.images = {
      loaded.count, side, 3, [batch, side](std::size_t i) {
        const Batch one = batch(i);
        return square(Tensor::from(one.data, {one.n, one.h, one.w, one.c}, DType::f32, parse_device("cpu")),
                      side);
      }};
  if (loaded.count > 0) loaded.images.channels = loaded.images.at(0).channels;
  return loaded;
}

ImageSet translated_set(Model& model, const std::string& direction, const LoadedImages& inputs, bool raw) {
  const NoGrad no_grad;
  std::vector<Image8> images;
  for (std::size_t i = 0; i < inputs.count; ++i)
    images.push_back(square(model.translate(inputs.tensor(i), direction, raw), inputs.images.side));
  return image_set(std::move(images), inputs.images.side);
}

DiscriminatorScore discriminator_score(const Model& model, const TrainOptions& options, const ImageSet& set) {
  const NoGrad no_grad;
  Module* d = nullptr;
  for (const Model::Network& network : model.networks())
    if (network.name == "d" && network.input.h == set.side && network.input.w == set.side &&
        network.input.c == set.channels)
      d = network.module;
  const GanLoss loss(options.gan_mode, 0);
  if (!d || loss.is_paired()) return {};
  const Tensor weight = d->parameters().front().value;
  DiscriminatorScore score{true, 0, 0};
  const std::size_t n = std::min(static_cast<std::size_t>(options.batch_size), set.count);
  const std::size_t batches = set.count / n;
  d->set_training(true);
  for (std::size_t k = 0; k < batches; ++k) {
    const Tensor logits = (*d)(cast(to_tensor(set, k * n, n, weight.device()), weight.dtype()));
    score.mean += loss.mean_score(logits).to_vector<double>()[0] / static_cast<double>(batches);
    score.real_share += loss.share_real(logits).to_vector<double>()[0] / static_cast<double>(batches);
  }
  return score;
}

}  // namespace sumi
