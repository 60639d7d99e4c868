// The images that a model makes and those that it is judged by, as its training sees them. Of
// images with alpha the colors over white are judged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "engine/data/dataset.h"
#include "models/judges/image_set.h"
#include "models/model.h"

namespace sumi {

// The random stream of `sumi generate`: image K of a seed is the same there and here.
constexpr std::uint64_t kGenerateStream = 0x67656e;

// Images 0 to count - 1 of the seed, from a model that generates from noise. They are in memory.
ImageSet generated_set(Model& model, const TrainOptions& options, std::size_t count, std::uint64_t seed,
                       bool raw);

// Images of a loader's data, of which `most` at even distances: the inputs of a translation, or the
// real images. The loader must outlive the results.
struct LoadedImages {
  std::size_t count = 0;
  // Image i as the loader gives it, [1,h,w,c] in [-1,1].
  std::function<Tensor(std::size_t)> tensor;
  // The same as squares of 8 bits.
  ImageSet images;
};
// `which`: of the loader's batches.
LoadedImages loaded_images(const BatchLoader& loader, std::size_t which, const TrainOptions& options,
                           std::size_t most);

// The translations of `inputs`, as squares in memory.
ImageSet translated_set(Model& model, const std::string& direction, const LoadedImages& inputs, bool raw);

// The side of the squares that a model is judged on: of its training images, of their crops, or of
// the central square of images that are not square.
int judged_side(const TrainOptions& options);

// The discriminator's scores of a set, as in stats.jsonl: the mean, and the share that it takes
// for real. Batch norms use the statistics of batches of the training's size, as in training:
// their running averages mix real and generated images, and with them scores mean little. An
// incomplete last batch is left out. `available` is false for a model without a discriminator of
// single images of the set's size and channels (conditional ones, pairs, crops, relativistic ones).
struct DiscriminatorScore {
  bool available = false;
  double mean = 0, real_share = 0;
};
DiscriminatorScore discriminator_score(const Model& model, const TrainOptions& options, const ImageSet& set);

}  // namespace sumi
