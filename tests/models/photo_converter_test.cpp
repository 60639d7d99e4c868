// The autoencoder GANs of the course notes: interrupted and resumed runs, and inference with each.
#include <doctest/doctest.h>

#include "engine/runtime/device.h"
#include "models/make_model.h"
#include "models/photo_converter.h"
#include "models/settings.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

TrainOptions tiny_autoencoder(const fs::path& work, const char* model, const std::string& run) {
  TrainOptions o = default_options(model);
  o.device = test_device();
  o.data = (work / "a").string();
  o.data_a = (work / "a").string();
  o.data_b = (work / "b").string();
  o.outdir = (work / (model + run)).string();
  o.cache = (work / "cache").string();
  o.size = o.crop_size = 8;
  o.load_size = 10;
  o.channels = 1;
  o.nz = 3;
  o.ngf = o.ndf = 2;
  o.batch_size = 4;
  o.steps = 4;
  o.save_every = 2;
  o.sample_every = 2;
  o.threads = 2;
  return o;
}

}  // namespace

TEST_CASE("autoencoder GANs: stopped and resumed equals uninterrupted, bit-exactly") {
  const TempDir folder;
  write_images(folder.path / "a", 10);
  write_images(folder.path / "b", 7);
  TrainingObserver quiet;
  for (const std::string name : {"gan-autoencoder", "photo-converter"}) {
    CAPTURE(name);
    const TrainOptions whole = tiny_autoencoder(folder.path, name.c_str(), "-whole"),
                       parts = tiny_autoencoder(folder.path, name.c_str(), "-parts");
    stop_requested = false;
    train(whole, quiet);
    train_in_two(parts, 3);
    const fs::path end = fs::path(whole.outdir) / "checkpoints/4.safetensors";
    CHECK(bytes_of(end) == bytes_of(fs::path(parts.outdir) / "checkpoints/4.safetensors"));
    CHECK(load_image(fs::path(whole.outdir) / "samples/4.png") ==
          load_image(fs::path(parts.outdir) / "samples/4.png"));
    const std::unique_ptr<Model> model = load_model(CheckpointFile(end), nullptr, test_device());
    RandomStream stream(1, 0);
    if (name == "gan-autoencoder") {
      CHECK(model->generate(model->noise(3, stream), false).shape() == Shape{3, 8, 8, 1});
      CHECK(model->directions().empty());
    } else {
      const Tensor photo = stream.uniform({1, 12, 20, 1}, DType::f32, parse_device(test_device()), -1, 1);
      CHECK(model->translate(photo, "AtoB", false).shape() == photo.shape());
      CHECK_THROWS_WITH(model->translator("BtoA"), "[--direction] unknown 'BtoA'; use AtoB");
      CHECK_THROWS_AS(model->noise(3, stream), Error);
    }
  }
}

TEST_CASE("photo-converter: a converter that only copies learns to copy") {
  TrainOptions o = tiny_autoencoder("", "photo-converter", "");
  o.group<PhotoConverterOptions>().lambda_autoencoder = 1000;
  o.lr = 1e-2;
  const auto model = make_model(o);
  RandomStream stream(5, 0);
  const auto pictures = [&] {
    return stream.uniform({4, 8, 8, 1}, DType::f32, parse_device(o.device), -1, 1);
  };
  const Tensor a = pictures(), b = pictures();
  const double first = model->step({a, b}, 0).at(2).second;
  double last = 0;
  for (int i = 0; i < 30; ++i) last = model->step({a, b}, 0).at(2).second;
  CHECK(last < 0.9 * first);
}

TEST_CASE("photo-converter: unsupported options") {
  TrainOptions o = default_options("photo-converter");
  o.crop_size = 30;
  CHECK_THROWS_WITH(
      validate(o),
      "[--crop-size] 30 is not possible for photo-converter; use a multiple of 4 from 8 on, such as 28");
  o.crop_size = 32;
  o.preprocess = "none";
  CHECK_THROWS_WITH(validate(o),
                    "[--preprocess] must cut squares, because the discriminator takes one size; use "
                    "resize_and_crop or crop");
}
