// The stylizer: its network, its examples, reproducible training, and its results.
#include "models/stylizer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/image/image.h"
#include "engine/runtime/device.h"
#include "engine/serialize/checkpoint.h"
#include "models/inference/comic_picture.h"
#include "models/make_model.h"
#include "models/options/comic_styles.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/teachers.h"
#include "tests/models/runs.h"
#include "tests/models/stylizer_examples.h"
#include "tests/support.h"

namespace sumi {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::has;
using test::slope_picture;
using test::TempDir;
using test::tiny_stylizer;
using test::uniform;
using test::write_examples;

Tensor row(const std::vector<double>& weights, const Tensor& like) {
  return Tensor::from(weights, Shape::matrix(1, static_cast<std::int64_t>(weights.size())), like.dtype(),
                      like.device());
}

}  // namespace

TEST_CASE("stylizer: shapes, parameter counts and multiply-adds are as specified") {
  const ComicNetwork network({16, 4, 3}, DType::f32, Device{});
  // As PyTorch counts them: 348,048 weights of convolutions and 6 x 679 scales and shifts.
  CHECK(network.parameter_count() == 352122);
  Cost cost;
  CHECK(network.infer_shape({1, 512, 512, 3}, cost) == Shape{1, 512, 512, 7});
  CHECK(static_cast<double>(cost.macs) / (512 * 512) == doctest::Approx(26640));
  CHECK(has(error_of([&] { network.infer_shape({1, 30, 32, 3}, cost); }), "multiples of 4"));
}

TEST_CASE("stylizer: a window with the halo equals the whole image bit-exactly") {
  ComicNetwork network({4, 4, 2}, DType::f64, kRef);
  RandomStream stream(1, 1);
  network.initialize(stream);
  const NoGrad no_grad;
  const std::int64_t side = 128 + 2 * ComicNetwork::kHalo, core = 16, halo = ComicNetwork::kHalo;
  const Tensor x = uniform({1, side, core + 2 * halo, 3}, 1, kRef), mixture = row({0.3, 0.7}, x);
  const Tensor whole = network(x, mixture);
  const Tensor part = network(slice(x, {0, 64, 0, 0}, {1, core + 2 * halo, core + 2 * halo, 3}), mixture);
  const Shape middle{1, core, core + 2 * halo, 7};
  CHECK(slice(whole, {0, 64 + halo, 0, 0}, middle).to_vector<double>() ==
        slice(part, {0, halo, 0, 0}, middle).to_vector<double>());
  // The bound is tight: an input 4 pixels smaller changes the result.
  const Tensor less =
      network(slice(x, {0, 64 + halo - 32, 0, 0}, {1, core + 64, core + 2 * halo, 3}), mixture);
  CHECK(slice(whole, {0, 64 + halo, 0, 0}, middle).to_vector<double>() !=
        slice(less, {0, 32, 0, 0}, middle).to_vector<double>());
}

TEST_CASE("stylizer: a mixture is one network between the styles'") {
  ComicNetwork network({4, 1, 2}, DType::f64, kRef);
  RandomStream stream(1, 1);
  network.initialize(stream);
  for (const Parameter& p : network.parameters())
    if (p.name.ends_with("gamma") || p.name.ends_with("beta"))
      p.value.assign(stream.uniform(p.value.shape(), DType::f32, Device{}, -1, 1));
  const NoGrad no_grad;
  const Tensor x = uniform({1, 16, 16, 3}, 2, kRef);
  const auto made = [&](double first) { return network(x, row({first, 1 - first}, x)).to_vector<double>(); };
  CHECK(made(1) == network(x).to_vector<double>());
  CHECK(made(1) != made(0));
  CHECK(made(0.5) != made(1));
  // A batch of two samples equals each sample alone.
  const Tensor both = network(concat({x, x}, 0), concat({row({1, 0}, x), row({0, 1}, x)}, 0));
  std::vector<double> joined = made(1);
  for (const double v : made(0)) joined.push_back(v);
  CHECK(both.to_vector<double>() == joined);
}

TEST_CASE("stylizer: mixtures and sources by name") {
  const std::vector<std::string> known{"ink", "wash"};
  CHECK(style_mixture("ink", known) == std::vector<double>{1, 0});
  CHECK(style_mixture("ink:0.6,wash:0.4", known) == std::vector<double>{0.6, 0.4});
  CHECK(style_mixture("wash:3,ink", known) == std::vector<double>{0.25, 0.75});
  CHECK(has(error_of([&] { style_mixture("inc", known); }), "it has ink, wash"));
  for (const char* bad : {"ink:", "ink:x", "ink:-1", "ink:nan", "ink:0", "ink:1e999", ""}) {
    CAPTURE(bad);
    CHECK(has(error_of([&] { style_mixture(bad, known); }), "[--style]"));
  }
  CHECK(style_sources("ink=a/b,wash").at(0).source == "a/b");
  CHECK(style_sources("ink=a/b,wash").at(1).source == "wash");
  for (const char* bad : {"=x", "ink=", "ink=a,ink=b", "i nk=a"}) {
    CAPTURE(bad);
    CHECK(has(error_of([&] { style_sources(bad); }), "[--styles]"));
  }
}

TEST_CASE("stylizer: an example holds the photograph behind its levels, and each style's planes") {
  const TempDir folder;
  write_examples(folder.path);
  const TrainOptions o = tiny_stylizer(folder.path, "run", 1);
  const TeacherSpec spec{o.data_a, style_sources(o.styles), o.cache, {}, 16, 0};
  DatasetSpec set;
  set.data = pack_teachers(spec);
  set.preprocess = Preprocess::crop;
  set.crop_size = 16;
  set.channels = teacher_channels(2);
  const Dataset data = Dataset::open(set);
  CHECK(data.count() == 2);
  CHECK(data.channels() == 11);
  const Image8 photo = load_image(folder.path / "photos/a.png");
  const std::uint8_t* pixel = data.item(0) + (5 * 40 + 8) * 11;  // (8, 5)
  CHECK(pixel[3] == photo.at(8, 5)[0] / 2 + 100);
  CHECK(pixel[6] == 255);
  CHECK(pixel[7] == photo.at(8, 5)[0] / 2 + 20);
  CHECK(pixel[10] == 255);
  CHECK(pixel[11 + 6] == 0);  // (9, 5) is on no line
  // The same files give the same pack, which is found in the cache; a changed pack replaces it.
  CHECK(pack_teachers(spec) == set.data);
  save_image(folder.path / "own/32/b.line.png", Image8(40, 32, 1));
  const auto before = data.content_key();
  CHECK(pack_teachers(spec) == set.data);
  CHECK(Dataset::open(set).content_key() != before);
}

TEST_CASE("stylizer: errors of teachers are named") {
  const TempDir folder;
  write_examples(folder.path);
  TrainingObserver quiet;
  TrainOptions o = tiny_stylizer(folder.path, "run", 1);
  o.styles = "ink=" + (folder.path / "nowhere").string();
  CHECK(has(error_of([&] { train(o, quiet); }), "is neither a folder of teachers"));
  fs::create_directories(folder.path / "empty");
  o.styles = "ink=" + (folder.path / "empty").string();
  CHECK(has(error_of([&] { train(o, quiet); }), "holds no pairs NAME.flat.png"));
  fs::create_directories(folder.path / "others");
  save_image(folder.path / "others/c.flat.png", slope_picture(32, 32, 1));
  save_image(folder.path / "others/c.line.png", Image8(32, 32, 1));
  o.styles = "ink=" + (folder.path / "others").string();
  CHECK(has(error_of([&] { train(o, quiet); }), "no photograph of"));
  o.styles.clear();
  CHECK(has(error_of([&] { train(o, quiet); }), "[--styles] is missing"));
  o = tiny_stylizer(folder.path, "run", 1);
  o.crop_size = 18;
  CHECK(has(error_of([&] { train(o, quiet); }), "a multiple of 4"));
  // Planes of two sizes.
  o = tiny_stylizer(folder.path, "run", 1);
  for (const char* name : {"a", "b"})
    save_image(folder.path / "own/32" / (std::string(name) + ".line.png"), Image8(40, 36, 1));
  CHECK(has(error_of([&] { train(o, quiet); }), "make them of one size"));
}

TEST_CASE("stylizer: the loss falls, and training is reproducible and resumes bit-exactly") {
  const TempDir folder;
  write_examples(folder.path);
  TrainingObserver quiet;
  const auto first = bytes_of(train(tiny_stylizer(folder.path, "one", 6), quiet).checkpoint);
  CHECK(first == bytes_of(train(tiny_stylizer(folder.path, "two", 6), quiet).checkpoint));
  CHECK(first == bytes_of(train_in_two(tiny_stylizer(folder.path, "three", 6), 3).checkpoint));
  TrainOptions other = tiny_stylizer(folder.path, "four", 6);
  other.seed = 4;
  CHECK(first != bytes_of(train(other, quiet).checkpoint));

  const auto model = make_model(tiny_stylizer(folder.path, "five", 200));
  const Tensor batch =
      affine(uniform({2, 16, 16, 11}, 5, model->networks()[0].module->parameters()[0].value.device()), 2, -1);
  const double before = model->step({batch}, 0)[0].second;
  for (int i = 0; i < 40; ++i) model->step({batch}, 0);
  CHECK(model->step({batch}, 0)[0].second < before);
}

TEST_CASE("stylizer: a style is added, and the others stay as they were") {
  const TempDir folder;
  write_examples(folder.path);
  TrainingObserver quiet;
  const auto base = train(tiny_stylizer(folder.path, "base", 3), quiet).checkpoint;
  const auto add_style = [&](const std::string& run, const fs::path& to, const std::string& style) {
    TrainOptions o = tiny_stylizer(folder.path, run, 30);
    o.styles.clear();
    o.init = to.string();
    o.add_style = style + "=" + (folder.path / "own").string();
    return o;
  };
  const auto one = train(add_style("one", base, "mine"), quiet).checkpoint;
  CHECK(bytes_of(one) == bytes_of(train_in_two(add_style("again", base, "mine"), 15).checkpoint));
  const auto two = train(add_style("two", one, "next"), quiet).checkpoint;

  const auto load = [](const fs::path& path) { return load_model(CheckpointFile(path), nullptr, "", ""); };
  const auto before = load(base), with_one = load(one), with_two = load(two);
  CHECK(as_stylizer(*with_two)->styles() == std::vector<std::string>{"ink", "own", "mine", "next"});
  const Tensor photos = uniform({1, 16, 16, 3}, 7, parse_device(test_device()));
  const auto of = [&](Model& model, std::vector<double> weights, bool raw = false) {
    return as_stylizer(model)->coefficients(photos, weights, raw).to_vector<double>();
  };
  // A run begins at the averages of the checkpoint. Its own weights of other styles are those, to
  // the bit; their averages are too, but for rounding.
  CHECK(of(*before, {1, 0}) == of(*with_one, {1, 0, 0}, true));
  CHECK(of(*with_one, {0, 0, 1}) == of(*with_two, {0, 0, 1, 0}, true));
  const auto apart = [](const std::vector<double>& a, const std::vector<double>& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b.at(i)));
    return most;
  };
  CHECK(apart(of(*before, {0.5, 0.5}), of(*with_two, {0.5, 0.5, 0, 0})) < 1e-5);
  CHECK(apart(of(*with_one, {0, 0, 1}), of(*with_one, {1, 0, 0})) > 1e-3);

  // It learns: the first rows of the statistics against the last.
  const auto model = make_model([&] {
    TrainOptions o = add_style("five", base, "mine");
    resolve_options(o);
    return o;
  }());
  CHECK(model->grow_from(CheckpointFile(base)));
  const Tensor batch = affine(uniform({2, 16, 16, 7}, 5, photos.device()), 2, -1);
  const double first = model->step({batch}, 0)[0].second;
  for (int i = 0; i < 40; ++i) model->step({batch}, 0);
  CHECK(model->step({batch}, 0)[0].second < first);

  TrainOptions wrong = add_style("six", base, "mine");
  wrong.init.clear();
  CHECK(has(error_of([&] { train(wrong, quiet); }), "[--add-style] needs --init"));
  CHECK(has(error_of([&] { train(add_style("six", base, "own"), quiet); }), "gives own twice"));
  wrong = add_style("six", base, "mine");
  wrong.add_style += ",other=wash";
  CHECK(has(error_of([&] { train(wrong, quiet); }), "adds one style at a time"));
  wrong = add_style("six", base, "mine");
  wrong.styles = "ink,wash";
  CHECK(has(error_of([&] { train(wrong, quiet); }), "leave it out beside --add-style"));
}

TEST_CASE("stylizer: filters teach by their own names") {
  const TempDir folder;
  fs::create_directories(folder.path / "photos");
  save_image(folder.path / "photos/a.png", slope_picture(64, 48, 1));
  const TeacherSpec spec{folder.path / "photos",
                         style_sources("ink,manga,wash,pencil,halftone,mine=ukiyo"),
                         folder.path / "cache",
                         {},
                         128,
                         0};
  DatasetSpec set;
  set.data = pack_teachers(spec);
  set.preprocess = Preprocess::crop;
  set.crop_size = 128;
  set.channels = teacher_channels(6);
  const Dataset data = Dataset::open(set);
  CHECK(data.count() >= 2);  // short sides of 480 and 320
  CHECK(data.count() <= 3);
  std::set<int> heights;
  for (std::int64_t i = 0; i < data.count(); ++i) heights.insert(data.height(i));
  CHECK(heights.contains(480));
  CHECK(heights.contains(320));
  // Manga's and pencil's planes are gray tones, not paper; the others have the color of the image.
  const std::uint8_t* example = data.item(0);
  const std::int64_t channels = data.channels(), pixels = std::int64_t{data.height(0)} * data.width(0);
  for (const int style : {1, 3}) {
    std::set<int> tones;
    std::int64_t colored = 0;
    for (std::int64_t i = 0; i < pixels; ++i) {
      const std::uint8_t* flat = example + i * channels + 3 + 4 * style;
      colored += std::abs(flat[0] - flat[2]) > 2;
      tones.insert(flat[0]);
    }
    CHECK(colored == 0);
    CHECK(tones.size() > 20);
  }
}

TEST_CASE("stylizer: tiles, bands and working sizes") {
  CHECK(working_size(640, 480, 0) == std::pair{640, 480});
  CHECK(working_size(4000, 3000, 0) == std::pair{800, 600});
  CHECK(working_size(4000, 3000, 300) == std::pair{400, 300});
  CHECK(working_size(40, 30, 300) == std::pair{40, 30});

  const TempDir folder;
  write_examples(folder.path);
  const auto model = make_model(tiny_stylizer(folder.path, "run", 10));
  Stylizer& stylizer = *as_stylizer(*model);
  stylize::Rgb picture(90, 70);
  for (stylize::Plane* plane : {&picture.red, &picture.green, &picture.blue})
    for (std::size_t i = 0; i < plane->pixels(); ++i)
      plane->data()[i] = static_cast<float>((i * 37 + i / 90 * 11) % 101) / 100;
  ComicOptions options;
  options.weights = {0.5, 0.5};
  const auto whole = comic_coefficients(stylizer, picture, options);
  options.tile = 32;
  const auto tiled = comic_coefficients(stylizer, picture, options);
  double worst = 0;
  for (std::size_t k = 0; k < whole.size(); ++k)
    for (std::size_t i = 0; i < whole[k].pixels(); ++i)
      worst = std::max(
          worst, std::abs(static_cast<double>(whole[k].data()[i]) - static_cast<double>(tiled[k].data()[i])));
  CHECK(worst < 1e-5);

  for (const auto& [w, h] : {std::pair{1, 1}, {3, 2}, {61, 47}}) {
    Photo photo{w, h, 16, {}, {}, ""};
    for (int i = 0; i < 3 * w * h; ++i) photo.rgb.push_back(static_cast<std::uint16_t>(i * 997 % 65536));
    photo.alpha.assign(photo.pixels(), 30000);
    for (const ComicLayer layer : {ComicLayer::drawing, ComicLayer::flat, ComicLayer::line}) {
      options.layer = layer;
      const Photo made = comic_picture(stylizer, photo, options);
      CHECK(made.width == w);
      CHECK(made.height == h);
      CHECK(made.depth == 16);
      CHECK(made.alpha == photo.alpha);
      CHECK(made.rgb.size() == photo.rgb.size());
    }
  }
}

}  // namespace sumi
