// Whole runs of pix2pix: pairs from files, bit-exact resume, losses, and the conversion for each
// task.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/image/image.h"
#include "engine/image/photo.h"
#include "engine/runtime/device.h"
#include "engine/serialize/file.h"
#include "models/inference/converter.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/pix2pix.h"
#include "models/planned_network.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/trainer.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of, sumi::test::has, sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

TrainOptions tiny_pix2pix(const fs::path& work, const char* run) {
  TrainOptions o = default_options("pix2pix");
  o.device = test_device();
  o.data = (work / "pictures").string();
  o.outdir = (work / run).string();
  o.cache = (work / "cache").string();
  o.net_g = "resnet_6blocks";
  o.load_size = 18;
  o.crop_size = 16;
  o.n_blocks = 1;
  o.n_layers_d = 1;
  o.ngf = o.ndf = 2;
  o.steps = 6;
  o.save_every = 4;
  o.sample_every = 6;
  o.log_every = 1;
  o.threads = 2;
  return o;
}

double stat(const StepStats& stats, const std::string& name) {
  for (const auto& [key, value] : stats)
    if (key == name) return value;
  FAIL("no " << name);
  return 0;
}

Photo colored(int width, int height, int depth = 16) {
  Photo photo{width, height, depth, {}, {}, ""};
  for (std::size_t i = 0; i < photo.pixels() * 3; ++i)
    photo.rgb.push_back(static_cast<std::uint16_t>(32768 + 30000 * std::sin(0.1 * static_cast<double>(i))));
  return photo;
}

// A model of random weights for a task, and its result for an image.
struct Trained {
  std::unique_ptr<Model> model;
  std::optional<Converter> converter;

  explicit Trained(const char* task, int factor = 2) {
    TrainOptions o = tiny_pix2pix("", "");
    o.task = task;
    o.factor = factor;
    o.init_gain = 0.3;
    validate(o);
    model = make_model(o);
    converter.emplace(image_network(*model, "", false));
  }
};

}  // namespace

TEST_CASE("pix2pix: stopped and resumed equals uninterrupted, bit-exactly; the sheet has three rows") {
  const TempDir folder;
  write_images(folder.path / "pictures", 5);
  TrainingObserver quiet;
  stop_requested = false;
  for (const char* task : {"restore", "inpaint"}) {
    TrainOptions whole = tiny_pix2pix(folder.path, (std::string("whole-") + task).c_str());
    whole.task = task;
    whole.ema = 0.9;
    TrainOptions parts = whole;
    parts.outdir = (folder.path / (std::string("parts-") + task)).string();
    parts.workers = 0;
    train(whole, quiet);
    train_in_two(parts, 3);
    const auto end = bytes_of(fs::path(whole.outdir) / "checkpoints/6.safetensors");
    CHECK(end == bytes_of(fs::path(parts.outdir) / "checkpoints/6.safetensors"));
    for (const char* name :
         {"g.model.1.weight", "d.model.0.weight", "optim.g.m.model.1.weight", "ema.g.model.1.weight"})
      CHECK_MESSAGE(end.contains(name), name);
    const Image8 sheet = load_image(fs::path(whole.outdir) / "samples/6.png");
    CHECK(sheet == load_image(fs::path(parts.outdir) / "samples/6.png"));
    CHECK(sheet.height == 3 * 18 + 2);
    CHECK(sheet.width == 5 * 18 + 2);
  }
}

TEST_CASE("pix2pix: folders, trainA with trainB, and images side by side are equivalent; BtoA swaps them") {
  const TempDir folder;
  write_images(folder.path / "set/trainA", 4);
  write_images(folder.path / "set/trainB", 5);
  fs::remove(folder.path / "set/trainB/p0.png");
  for (int i = 1; i < 5; ++i)
    fs::rename(folder.path / "set/trainB" / ("p" + std::to_string(i) + ".png"),
               folder.path / "set/trainB" / ("p" + std::to_string(i - 1) + ".png"));
  fs::create_directories(folder.path / "beside/train");
  for (int i = 0; i < 4; ++i) {
    const std::string name = "p" + std::to_string(i) + ".png";
    const Image8 a = load_image(folder.path / "set/trainA" / name),
                 b = load_image(folder.path / "set/trainB" / name);
    Image8 both(24, 12, 3);
    for (int y = 0; y < 12; ++y) {
      std::copy_n(a.at(0, y), 36, both.at(0, y));
      std::copy_n(b.at(0, y), 36, both.at(12, y));
    }
    save_image(folder.path / "beside/train" / name, both);
  }
  TrainingObserver quiet;
  stop_requested = false;
  const auto trained = [&](const char* run, const char* data, const char* a, const char* b,
                           const char* direction) {
    TrainOptions o = tiny_pix2pix(folder.path, run);
    const auto path = [&](const char* name) { return *name ? (folder.path / name).string() : ""; };
    o.data = path(data), o.data_a = path(a), o.data_b = path(b), o.direction = direction;
    o.steps = 2;
    o.sample_every = 0;
    train(o, quiet);
    return bytes_of(fs::path(o.outdir) / "checkpoints/2.safetensors");
  };
  const auto first = trained("1", "", "set/trainA", "set/trainB", "AtoB");
  CHECK(first == trained("2", "set", "", "", "AtoB"));
  CHECK(first == trained("3", "beside", "", "", "AtoB"));
  CHECK(first != trained("4", "beside", "", "", "BtoA"));
  CHECK(trained("5", "", "set/trainB", "set/trainA", "AtoB") == trained("6", "set", "", "", "BtoA"));
}

TEST_CASE(
    "pix2pix: at 16 bits, of one and of three channels, resumed bit-exactly and converted with 16 bits") {
  const TempDir folder;
  fs::create_directories(folder.path / "pictures");
  for (int i = 0; i < 5; ++i)
    save_photo(folder.path / "pictures" / fmt::format("{}.png", i), colored(20, 18 + i));
  TrainingObserver quiet;
  stop_requested = false;
  for (const int channels : {1, 3}) {
    TrainOptions whole = tiny_pix2pix(folder.path, channels == 1 ? "whole-1" : "whole-3");
    whole.task = "denoise";
    whole.noise = 0.2;  // below the resolution of 8 bits
    whole.bits = 16;
    whole.channels = channels;
    whole.steps = 3;  // the third step is captured
    TrainOptions parts = whole, narrow = whole;
    parts.outdir += "-parts";
    narrow.outdir += "-narrow";
    narrow.bits = 8;
    train(whole, quiet);
    train_in_two(parts, 1);
    const auto end = bytes_of(fs::path(whole.outdir) / "checkpoints/3.safetensors");
    CHECK(end == bytes_of(fs::path(parts.outdir) / "checkpoints/3.safetensors"));
    train(narrow, quiet);
    CHECK(end != bytes_of(fs::path(narrow.outdir) / "checkpoints/3.safetensors"));
    TrainOptions stored;
    const auto model =
        load_model(CheckpointFile(fs::path(whole.outdir) / "checkpoints/3.safetensors"), &stored);
    CHECK(stored.bits == 16);
    Converter converter(image_network(*model, "", false));
    const Photo drawn = converter(colored(20, 12, 8));
    CHECK(drawn.depth == 16);
    CHECK(drawn.gray == (channels == 1));
    save_photo(folder.path / "drawn.png", drawn);
    const Photo back = load_photo(folder.path / "drawn.png");
    CHECK(back.depth == 16);
    CHECK(back.rgb == drawn.rgb);
    CHECK(std::any_of(back.rgb.begin(), back.rgb.end(), [](std::uint16_t v) { return v % 257 != 0; }));
    const std::string png = read_file(folder.path / "drawn.png", 1 << 20);
    CHECK(png.at(24) == 16);                       // bit depth
    CHECK(png.at(25) == (channels == 1 ? 0 : 2));  // color type: gray, RGB
  }
}

TEST_CASE(
    "pix2pix convert: a network of one channel outputs gray images, alpha and what it leaves alone "
    "included") {
  TrainOptions o = tiny_pix2pix("", "");
  o.channels = 1;
  o.task = "inpaint";
  const auto model = make_model(o);
  Converter converter(image_network(*model, "", false));
  Photo photo = colored(20, 16, 8), mask{20, 16, 8, std::vector<std::uint16_t>(20 * 16 * 3, 0), {}, ""};
  std::fill_n(mask.rgb.begin(), 300, 65535);
  photo.alpha.assign(20 * 16, 30000);
  const Photo drawn = converter(photo, &mask);
  CHECK(drawn.gray);
  CHECK(drawn.depth == 8);
  for (std::size_t i = 0; i < drawn.pixels(); ++i) {
    const std::uint16_t* p = drawn.rgb.data() + 3 * i;
    REQUIRE((p[0] == p[1] && p[1] == p[2]));
    if (i >= 100) REQUIRE(p[0] == luma(photo.rgb.data() + 3 * i));
  }
  const TempDir folder;
  // Color type of PNG: gray with alpha, and gray.
  save_photo(folder.path / "a.png", drawn);
  CHECK(read_file(folder.path / "a.png", 1 << 20).at(25) == 4);
  CHECK(load_photo(folder.path / "a.png").alpha.size() == 320);
  Photo opaque = drawn;
  opaque.alpha.clear();
  for (const char* name : {"b.png", "b.tif", "b.jpg", "b.webp", "b.bmp", "b.tga", "b.ppm"}) {
    save_photo(folder.path / name, opaque);
    const Photo back = load_photo(folder.path / name);
    for (std::size_t i = 0; i < back.rgb.size(); ++i)
      REQUIRE_MESSAGE(std::abs(back.rgb[i] - opaque.rgb[i]) < 257 * 30, name);  // jpg and webp are lossy
  }
  CHECK(read_file(folder.path / "b.png", 1 << 20).at(25) == 0);
  CHECK(beside(opaque, opaque).gray);
  Photo color = opaque;
  color.gray = false;
  CHECK_FALSE(beside(color, opaque).gray);
  CHECK(resize_photo(opaque, 7, 9).gray);
}

TEST_CASE("pix2pix: losses are what the paper says") {
  TrainOptions o = tiny_pix2pix("", "");
  o.batch_size = 2;
  RandomStream stream(4, 0);
  const auto picture = [&] {
    return stream.uniform({2, 16, 16, 3}, DType::f32, parse_device(test_device()), -1, 1);
  };
  const std::vector<Tensor> pair{picture(), picture()};
  const auto model = make_model(o);
  const StepStats stats = model->step(pair, 0);
  std::vector<double> drawn, wanted = pair[1].to_vector<double>();
  for (const auto& [name, tensor] : model->debug_tensors())
    if (name == "fake_b") drawn = tensor.to_vector<double>();
  double l1 = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) l1 += std::abs(drawn.at(i) - wanted[i]);
  CHECK(stat(stats, "loss_l1") == doctest::Approx(100 * l1 / static_cast<double>(wanted.size())));
  CHECK(stat(stats, "loss_d") == doctest::Approx(std::log(2)).epsilon(0.1));  // before anything is learned
  CHECK(stat(stats, "loss_g") == doctest::Approx(std::log(2)).epsilon(0.1));
  CHECK(model->never_updated().empty());
  o.group<Pix2PixOptions>().lambda_l1 = 0;
  CHECK(stat(make_model(o)->step(pair, 0), "loss_l1") == 0);
}

TEST_CASE("pix2pix: the published networks, and options that contradict each other") {
  const auto planned = plan_networks(default_options("pix2pix"));
  CHECK(planned.at(0).module->parameter_count() == 54'413'955);
  CHECK(planned.at(1).module->parameter_count() == 2'768'705);
  const auto refused = [](const std::function<void(TrainOptions&)>& change) {
    TrainOptions o = default_options("pix2pix");
    change(o);
    return error_of([&] { validate(o); });
  };
  CHECK(refused([](TrainOptions&) {}).empty());
  CHECK(
      has(refused([](TrainOptions& o) { o.task = "colorize", o.channels = 1; }), "[--task] colorize needs"));
  CHECK(
      has(refused([](TrainOptions& o) { o.task = "denoise", o.direction = "BtoA"; }), "[--direction] BtoA"));
  CHECK(
      has(refused([](TrainOptions& o) { o.task = "denoise", o.data_a = "x"; }), "[--data-a] has no effect"));
  CHECK(has(refused([](TrainOptions& o) { o.crop_size = 200; }), "use a multiple of 256"));
  TrainingObserver quiet;
  TrainOptions o = default_options("pix2pix");
  CHECK(has(error_of([&] { train(o, quiet); }), "[--data] is missing"));
  o.data_a = "a";
  CHECK(has(error_of([&] { train(o, quiet); }), "[--data-b] is missing"));
}

TEST_CASE("pix2pix: conversion uses the statistics of the image, and leaves training unchanged") {
  const Trained trained("none");
  RandomStream stream(4, 0);
  const Tensor x = stream.uniform({1, 16, 24, 3}, DType::f32, parse_device(test_device()), -1, 1);
  const auto statistics = [&] {
    std::vector<double> all;
    for (const auto& network : trained.model->networks())
      for (const Parameter& p : network.module->buffers())
        for (const double v : p.value.to_vector<double>()) all.push_back(v);
    return all;
  };
  const auto before = statistics();
  const auto drawn = trained.model->translate(x, "AtoB", false).to_vector<double>();
  CHECK(drawn == trained.model->translate(x, "AtoB", false).to_vector<double>());  // no dropout
  CHECK(before == statistics());
  // Running statistics have no effect.
  for (const auto& network : trained.model->networks())
    for (const Parameter& p : network.module->buffers())
      p.value.assign(Tensor::full(p.value.shape(), 0.37, p.value.dtype(), p.value.device()));
  CHECK(drawn == trained.model->translate(x, "AtoB", false).to_vector<double>());
  CHECK_THROWS_AS(trained.model->translate(x, "BtoA", false), Error);
}

TEST_CASE("pix2pix convert: superres enlarges, colorize looks at the luma, denoise leaves images unchanged") {
  const Photo photo = colored(18, 13);
  Trained large("superres", 3);
  const Photo drawn = (*large.converter)(photo);
  CHECK((drawn.width == 54 && drawn.height == 39 && drawn.depth == 16));
  const Trained same("none");  // the same weights
  Converter plain(image_network(*same.model, "", false));
  CHECK(drawn.rgb == plain(resize_photo(photo, 54, 39)).rgb);
  CHECK(large.converter->predicted_bytes(18, 13) ==
        doctest::Approx(plain.predicted_bytes(54, 39)).epsilon(0.05));

  Photo gray = photo;
  for (std::size_t i = 0; i < gray.rgb.size(); i += 3) {
    const double luma = 0.299 * gray.rgb[i] + 0.587 * gray.rgb[i + 1] + 0.114 * gray.rgb[i + 2];
    std::fill_n(gray.rgb.begin() + static_cast<std::ptrdiff_t>(i), 3,
                static_cast<std::uint16_t>(std::lround(luma)));
  }
  Trained color("colorize");
  const Photo a = (*color.converter)(photo), b = (*color.converter)(gray);
  for (std::size_t i = 0; i < a.rgb.size(); ++i) REQUIRE(std::abs(a.rgb[i] - b.rgb[i]) < 64);
  CHECK(plain(photo).rgb != plain(gray).rgb);
  Trained noise("denoise");
  CHECK((*noise.converter)(photo).rgb == plain(photo).rgb);
  CHECK(has(error_of([&] { (*noise.converter)(photo, &photo); }), "[--mask] is for models"));
}

TEST_CASE("pix2pix convert: inpaint fills what is transparent or masked, and leaves the rest alone") {
  Trained fill("inpaint");
  Photo photo = colored(20, 16);
  CHECK(has(error_of([&] { (*fill.converter)(photo); }), "no hole to fill"));
  Photo mask{20, 16, 8, std::vector<std::uint16_t>(20 * 16 * 3, 0), {}, ""};
  std::vector<bool> hole(20 * 16, false);
  for (std::size_t i = 100; i < 140; ++i) {
    hole[i] = true;
    std::fill_n(mask.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, 65535);
  }
  const Photo masked = (*fill.converter)(photo, &mask);
  photo.alpha.assign(20 * 16, 65535);
  for (std::size_t i = 0; i < hole.size(); ++i)
    if (hole[i]) {
      photo.alpha[i] = 0;
      for (std::size_t c = 0; c < 3; ++c) photo.rgb[3 * i + c] = 65535;  // an eraser's result
    }
  const Photo erased = (*fill.converter)(photo);
  CHECK(erased.rgb == masked.rgb);  // the content of the hole does not matter
  CHECK(erased.alpha.empty());
  int changed = 0;
  for (std::size_t i = 0; i < hole.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      if (!hole[i]) REQUIRE(masked.rgb[3 * i + c] == photo.rgb[3 * i + c]);
      changed += hole[i] && masked.rgb[3 * i + c] != photo.rgb[3 * i + c];
    }
  CHECK(changed > 100);
  const Photo small = colored(4, 4);
  CHECK(has(error_of([&] { (*fill.converter)(photo, &small); }), "[--mask] is 4x4, but the image 20x16"));
}
