// The feature network: its training, and the maps for losses, from it and from VGG19.
#include "models/inference/feature_network.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "engine/ops.h"
#include "engine/random.h"
#include "engine/runtime/device.h"
#include "models/inference/feature_backbone.h"
#include "models/inference/load_features.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of, sumi::test::has, sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

// Two sets, of two and of three classes, distinguished by folders.
TrainOptions tiny_classifier(const fs::path& work, const char* run) {
  if (!fs::exists(work / "one")) {
    for (const char* kind : {"one/a", "one/b", "two/x", "two/y", "two/z"}) write_images(work / kind, 5);
  }
  TrainOptions o = default_options("classifier");
  o.device = test_device();
  o.data = (work / "one").string() + "," + (work / "two").string();
  o.outdir = (work / run).string();
  o.cache = (work / "cache").string();
  o.size = 8;
  o.width = 2;
  o.val_every = 3;
  o.batch_size = 3;
  o.steps = 6;
  o.sample_every = 3;
  o.log_every = 1;
  o.threads = 2;
  return o;
}

using Tensors = std::vector<std::pair<std::string, std::pair<std::vector<std::int64_t>, std::vector<float>>>>;

// VGG19 with two channels everywhere, whose first layer passes red and blue through.
Tensors small_vgg() {
  Tensors all;
  std::int64_t channels = 3;
  for (const int index : {0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34}) {
    std::vector<float> w(static_cast<std::size_t>(2 * channels * 9));
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] = index == 0 ? 0.0f : 0.3f * std::sin(static_cast<float>(i) + static_cast<float>(index));
    if (index == 0) w[4] = w[9 * 5 + 4] = 1;
    const std::string name = "features." + std::to_string(index);
    all.push_back({name + ".weight", {{2, channels, 3, 3}, w}});
    all.push_back({name + ".bias", {{2}, {index == 0 ? 0.0f : 0.1f, 0}}});
    channels = 2;
  }
  return all;
}

void write(const fs::path& path, const Tensors& tensors) {
  SafetensorsWriter writer;
  for (const auto& [name, t] : tensors)
    writer.add(name, "F32", t.first, t.second.data(), t.second.size() * sizeof(float));
  writer.write(path);
}

}  // namespace

TEST_CASE("features: a run of two sets resumes bit-exactly, keeps its classes and measures held-out images") {
  const TempDir folder;
  TrainingObserver quiet;
  stop_requested = false;
  const TrainOptions o = tiny_classifier(folder.path, "whole"), parts = tiny_classifier(folder.path, "parts");
  const TrainResult whole = train(o, quiet);
  CHECK(whole.classifies);
  const TrainResult second = train_in_two(parts, 4);
  CHECK(bytes_of(whole.checkpoint) == bytes_of(second.checkpoint));
  const CheckpointFile file(whole.checkpoint);
  CHECK(stored_options(file).classes == "a,b;x,y,z");
  CHECK(file.shape("head1.fc.weight") == Shape::matrix(2, 16));
  CHECK(file.shape("head2.fc.weight") == Shape::matrix(3, 16));
  std::ifstream log(fs::path(o.outdir) / "log.txt"), stats(fs::path(o.outdir) / "stats.jsonl");
  std::stringstream text, numbers;
  text << log.rdbuf();
  numbers << stats.rdbuf();
  CHECK(has(text.str(), "accuracy on held-out images"));
  CHECK(has(text.str(), " of 3, "));  // of 10 images, and 3 of a batch
  CHECK(has(numbers.str(), "\"accuracy_2\""));
  CHECK(load_image(fs::path(o.outdir) / "samples/6.png").width > 8);

  // A change of the data is detected when the run is resumed.
  fs::rename(folder.path / "two/z", folder.path / "two/w");
  CHECK(has(error_of([&] {
              resume(
                  o.outdir, [](TrainOptions& r) { r.steps = 8; }, quiet);
            }),
            "of the class 'w', which is none of: x, y, z"));
  const auto model = load_model(file, nullptr, test_device());
  CHECK(has(error_of([&] { model->generate({}, false); }), "does not generate images"));
  CHECK(has(error_of([&] { model->translate({}, "AtoB", false); }), "cannot translate"));
}

TEST_CASE("features: --accumulate adds up the gradients of batches") {
  TrainOptions o = default_options("classifier");
  o.device = "ref";
  o.precision = "f64";
  o.size = 8;
  o.width = 2;
  o.classes = "a,b,c;x,y";
  RandomStream stream(3, 1);
  std::vector<Tensor> once, twice;  // two sets of images, then their labels; twice: the same two times
  for (int set = 0; set < 2; ++set) once.push_back(stream.uniform({3, 8, 8, 3}, DType::f64, kRef, -1, 1));
  once.push_back(
      Tensor::from(std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1}, Shape::matrix(3, 3), DType::f64, kRef));
  once.push_back(Tensor::from(std::vector<double>{1, 0, 0, 1, 1, 0}, Shape::matrix(3, 2), DType::f64, kRef));
  for (const Tensor& t : once) twice.push_back(concat({t, t}, 0));
  const auto plain = make_model(o);
  o.accumulate = 2;
  const auto added = make_model(o);
  const StepStats one = plain->step(once, 0), two = added->step(twice, 0);
  CHECK(added->debug_tensors().at(0).second.shape().n == 3);  // not one batch of six
  REQUIRE(one.size() == two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i].first == two[i].first);
    CHECK(one[i].second == doctest::Approx(two[i].second).epsilon(1e-12));
  }
  for (std::size_t n = 0; n < plain->networks().size(); ++n) {
    const auto a = plain->networks()[n].module->parameters(), b = added->networks()[n].module->parameters();
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto x = a[i].value.to_vector<double>(), y = b[i].value.to_vector<double>();
      for (std::size_t k = 0; k < x.size(); ++k) CHECK(x[k] == doctest::Approx(y[k]).epsilon(1e-9));
    }
  }
}

TEST_CASE("features: it learns, and its frozen form equals the backbone at inference") {
  const TempDir folder;
  TrainingObserver quiet;
  stop_requested = false;
  TrainOptions o = tiny_classifier(folder.path, "run");
  o.data = (folder.path / "two").string();
  fs::remove_all(folder.path / "two/y");
  fs::remove_all(folder.path / "two/z");
  fs::create_directories(folder.path / "two/y");
  for (int i = 0; i < 5; ++i) {  // black ones
    Image8 image(12, 12, 1);
    save_image(folder.path / "two/y" / (std::to_string(i) + ".png"), image);
  }
  o.val_every = 0;
  o.batch_size = 10;
  o.steps = 15;
  o.lr_policy = "constant";
  const TrainResult result = train(o, quiet);
  std::ifstream stats(fs::path(o.outdir) / "stats.jsonl");
  std::string line, last;
  while (std::getline(stats, line)) last = line;
  CHECK(has(last, "\"accuracy\":1"));

  const Device device = parse_device(test_device());
  const FeatureNetwork frozen = load_features(o.outdir, DType::f32, device);
  CHECK(frozen.name() == "sumi");
  CHECK(frozen.layers().front() == "conv1_1");
  CHECK(frozen.layers().back() == "relu4_1");
  RandomStream stream(1, 0);
  const Tensor x = stream.uniform({2, 16, 24, 3}, DType::f32, device, -1, 1);
  const auto trunk = feature_trunk(3, o.width, DType::f32, device);
  const CheckpointFile file(result.checkpoint);
  for (const auto& list : {trunk->parameters(), trunk->buffers()})
    for (const Parameter& p : list) file.load("f." + p.name, p.value);
  trunk->set_training(false);
  const auto want = (*trunk)(x).to_vector<double>(), got = frozen.descriptor(x).to_vector<double>();
  REQUIRE(want.size() == got.size());
  for (std::size_t i = 0; i < want.size(); ++i) CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-4));
  const auto maps = frozen(x, {"relu3_2", "conv1_1", "relu3_2"});
  CHECK(maps[0].shape() == Shape{2, 4, 6, 8});
  CHECK(maps[1].shape() == Shape{2, 16, 24, 2});
  CHECK(maps[2].to_vector<float>() == maps[0].to_vector<float>());
  CHECK(has(error_of([&] { frozen(x, {"relu9_1"}); }), "no layer 'relu9_1'; use one of: conv1_1, relu1_1"));
}

TEST_CASE("features: VGG19 from a file, its inputs, and gradients that reach the images only") {
  const TempDir folder;
  const fs::path path = folder.path / "vgg.safetensors";
  write(path, small_vgg());
  const Device device = parse_device("ref");
  const Tensor x = RandomStream(1, 0).uniform({1, 32, 32, 3}, DType::f64, device, -1, 1);
  const auto value = [&](const Tensor& t, std::size_t i) { return t.to_vector<double>().at(i); };
  const auto torch = load_features(path.string(), DType::f64, device),
             caffe = load_features(path.string(), DType::f64, device, VggInput::caffe);
  CHECK(torch.name() == "vgg19");
  CHECK(torch.layers().size() == 32);
  const Tensor a = torch(x, {"conv1_1"})[0], b = caffe(x, {"conv1_1"})[0];
  const double red = value(x, 3), blue = value(x, 5);  // of the second image
  CHECK(value(a, 2) == doctest::Approx((red / 2 + 0.5 - 0.485) / 0.229));
  CHECK(value(a, 3) == doctest::Approx((blue / 2 + 0.5 - 0.406) / 0.225));
  CHECK(value(b, 2) == doctest::Approx(127.5 * blue + 127.5 - 103.939));
  CHECK(value(b, 3) == doctest::Approx(127.5 * red + 127.5 - 123.68));
  CHECK(torch(x, {"relu5_4"})[0].shape() == Shape{1, 2, 2, 2});

  const auto loss = [&](const Tensor& picture) {
    return loss_mean(Loss::squared, torch(picture, {"conv4_4"})[0], 0.5);
  };
  Tensor picture = x.clone();
  picture.set_requires_grad(true);
  Tape tape;
  tape.backward(loss(picture));
  const Tensor gradient = picture.grad();
  REQUIRE(gradient);
  const NoGrad no_grad;
  for (const std::size_t i : {0u, 700u, 1501u, 3071u}) {
    auto up = x.to_vector<double>(), down = up;
    up[i] += 1e-5;
    down[i] -= 1e-5;
    const double slope = (loss(Tensor::from(up, x.shape(), DType::f64, device)).item() -
                          loss(Tensor::from(down, x.shape(), DType::f64, device)).item()) /
                         2e-5;
    CHECK(value(gradient, i) == doctest::Approx(slope).epsilon(1e-4));
  }

  auto bad = small_vgg();
  bad[4].second.first = {2, 1, 3, 6};
  write(path, bad);
  CHECK(has(error_of([&] { load_features(path.string(), DType::f64, device); }),
            "has features.5.weight of 2x1x3x6, but VGG19 needs 2x2x3x3 there"));
  bad = small_vgg();
  bad.pop_back();
  write(path, bad);
  CHECK(has(error_of([&] { load_features(path.string(), DType::f64, device); }), "has no features.34.bias"));
  bad = small_vgg();
  bad[0].second.second[1] = NAN;
  write(path, bad);
  CHECK(has(error_of([&] { load_features(path.string(), DType::f64, device); }), "NaN or infinity"));
}
