// Images in tiles: the result of the whole image, for every kind of network that translates images.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/image/photo.h"
#include "models/inference/converter.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of;
using sumi::test::TempDir;

namespace {

// Shapes and grain that differ from one part of the image to another, so that statistics of a part
// are not those of the whole.
Photo make_scene(int w, int h) {
  Photo photo{w, h, 16, {}, {}, ""};
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      for (int c = 0; c < 3; ++c) {
        const double place = double(x) / w + 0.7 * y / h;
        const double wave = std::sin(0.05 * x * (1 + place) + c) * std::cos(0.07 * y + 2 * place);
        const double grain = (x * 7919 + y * 104729 + c * 31) % 251 / 251.0;
        const double level = 0.25 + 0.3 * place + 0.2 * wave + 0.1 * place * grain;
        photo.rgb.push_back(static_cast<std::uint16_t>(65535 * std::clamp(level, 0.0, 1.0)));
      }
  return photo;
}

double largest_difference(const Photo& a, const Photo& b) {
  REQUIRE(a.rgb.size() == b.rgb.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i)
    largest = std::max(largest, std::abs(double(a.rgb[i]) - b.rgb[i]) / 257);
  return largest;
}

struct Architecture {
  std::string name, model;
  std::function<void(TrainOptions&)> change;
};

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> all{
      {"resnet, instance norm, transposed", "cyclegan", [](TrainOptions&) {}},
      {"resnet, instance norm, bilinear", "cyclegan", [](TrainOptions& o) { o.upsample = "bilinear"; }},
      {"resnet, batch norm, nearest", "cyclegan",
       [](TrainOptions& o) {
         o.upsample = "nearest";
         o.norm = "batch";
       }},
      {"resnet, batch norm by the image's own statistics", "pix2pix",
       [](TrainOptions& o) { o.net_g = "resnet_6blocks"; }},
      {"resnet, dropout", "cyclegan", [](TrainOptions& o) { o.no_dropout = false; }},
      {"U-Net, instance norm", "cyclegan", [](TrainOptions& o) { o.net_g = "unet_128"; }},
      {"U-Net, batch norm by the image's own statistics", "pix2pix",
       [](TrainOptions& o) { o.net_g = "unet_128"; }},
      {"AnimeGAN, layer norm", "animegan", [](TrainOptions& o) { o.net_g = "animegan2"; }},
      {"AnimeGAN lite, layer norm", "animegan", [](TrainOptions& o) { o.net_g = "animegan2_lite"; }},
      {"CartoonGAN, instance norm", "cartoongan", [](TrainOptions&) {}},
      {"converter, batch norm", "photo-converter", [](TrainOptions& o) { o.init_gain = 2; }},
      {"resnet, superresolution", "pix2pix",
       [](TrainOptions& o) {
         o.net_g = "resnet_6blocks";
         o.task = "superres";
       }},
      {"resnet, EMA weights", "cyclegan", [](TrainOptions& o) { o.ema = 0.9; }},
  };
  return all;
}

std::unique_ptr<Model> make_translator(const Architecture& architecture) {
  TrainOptions o = default_options(architecture.model);
  o.ngf = o.ndf = 8;
  o.n_blocks = 2;
  o.nz = 4;
  o.threads = 1;
  o.seed = 3;
  o.init_gain = 0.1;  // strong weights, so that errors show
  architecture.change(o);
  return make_model(o);
}

Converter in_tiles(Model& model, TileOptions options, std::uint64_t max_memory = 0) {
  Converter convert(image_network(model, "", false), max_memory);
  convert.set_tiles(std::move(options));
  return convert;
}

}  // namespace

TEST_CASE("tiles: every network's result is that of the whole image, to one level of 255") {
  for (const Architecture& architecture : architectures()) {
    CAPTURE(architecture.name);
    const auto model = make_translator(architecture);
    Converter whole(image_network(*model, "", false));
    const Photo photo = make_scene(203, 150);
    const Photo expected = whole(photo);
    CHECK(largest_difference(expected, Photo{expected.width,
                                             expected.height,
                                             16,
                                             std::vector<std::uint16_t>(expected.rgb.size(), 32768),
                                             {},
                                             ""}) > 20);  // not flat
    for (const int side : {32, 57, 96, 160}) {
      CAPTURE(side);
      std::string said;
      Converter convert = in_tiles(*model, {.side = side, .say = [&](const std::string& s) { said = s; }});
      const Photo result = convert(photo);
      CHECK(said.find(" in tiles of " + std::to_string(side) + " pixels") != std::string::npos);
      CHECK(largest_difference(result, expected) <= 1);
    }
  }
}

TEST_CASE("tiles: a part of the image alone has another result, by its statistics") {
  for (const std::size_t i : {0U, 3U, 7U, 9U}) {
    const Architecture& architecture = architectures()[i];
    CAPTURE(architecture.name);
    const auto model = make_translator(architecture);
    Converter convert(image_network(*model, "", false));
    const Photo photo = make_scene(256, 256);
    Photo part{256, 128, 16, {}, {}, ""}, expected = part;
    const auto half = static_cast<std::ptrdiff_t>(photo.rgb.size() / 2);
    part.rgb.assign(photo.rgb.begin(), photo.rgb.begin() + half);
    const Photo whole = convert(photo);
    expected.rgb.assign(whole.rgb.begin(), whole.rgb.begin() + half);
    CHECK(largest_difference(convert(part), expected) > 2);
  }
}

TEST_CASE("tiles: a limit of memory chooses tiles, and the result stays the same") {
  const auto model = make_translator(architectures().front());
  Converter whole(image_network(*model, "", false));
  const Photo photo = make_scene(500, 400);
  const Photo expected = whole(photo);
  const std::uint64_t need = whole.predicted_bytes(500, 400);
  std::vector<std::string> said;
  const auto say = [&](const std::string& line) { said.push_back(line); };
  Converter roomy = in_tiles(*model, {.say = say}, need);
  CHECK(largest_difference(roomy(photo), expected) == 0);
  CHECK(said.empty());
  Converter tight = in_tiles(*model, {.say = say}, need / 2);
  CHECK(largest_difference(tight(photo), expected) <= 1);
  REQUIRE(said.size() == 1);
  CHECK(said[0].find("500x400 in tiles of ") == 0);
  CHECK(said[0].find(" of scratch files in ") != std::string::npos);
  Converter tiny = in_tiles(*model, {.say = say}, 2'500'000);
  CHECK(error_of([&] { tiny(photo); }).find("[convert] an image of 500x400 needs about") == 0);
  Converter too_large = in_tiles(*model, {.side = 384, .say = say}, 5 << 20);
  CHECK(error_of([&] { too_large(photo); }).find("[--tile] 384 takes about") == 0);
}

TEST_CASE("tiles: sampled statistics need no scratch files, and the error is said") {
  const auto model = make_translator(architectures().front());
  Converter whole(image_network(*model, "", false));
  const Photo photo = make_scene(260, 240);
  std::string said;
  Converter convert = in_tiles(*model, {.side = 128,
                                        .statistics = TileStatistics::sampled,
                                        .say = [&](const std::string& line) { said = line; }});
  // Below 4 megapixels the sample is the image itself.
  CHECK(largest_difference(convert(photo), whole(photo)) <= 1);
  CHECK(said.find("scratch files") == std::string::npos);
  CHECK(said.find("levels of 255 on average") != std::string::npos);
}

TEST_CASE("tiles: holes are filled, the rest stays") {
  TrainOptions o = default_options("pix2pix");
  o.net_g = "resnet_6blocks";
  o.task = "inpaint";
  o.ngf = o.ndf = 4;
  o.n_blocks = 1;
  const auto model = make_model(o);
  Photo photo = make_scene(90, 70);
  photo.alpha.assign(photo.pixels(), 65535);
  for (int y = 20; y < 50; ++y) std::fill_n(photo.alpha.begin() + y * 90 + 30, 25, std::uint16_t{0});
  Converter whole(image_network(*model, "", false));
  Converter convert = in_tiles(*model, {.side = 40});
  CHECK(largest_difference(convert(photo), whole(photo)) <= 1);
}

TEST_CASE("tiles: a network with an operation that tiles do not have is refused by name") {
  ImageNetwork network;
  network.run = [](const Tensor& x) { return affine(x, 0.5); };
  Converter convert(network);
  convert.set_tiles({.side = 32});
  CHECK(error_of([&] { convert(make_scene(100, 80)); }).find("[tiles] the network has an operation") == 0);
  CHECK(convert(make_scene(20, 20)).width == 20);  // smaller than a tile
}

TEST_CASE("tiles: a directory for scratch files that does not exist is named") {
  const auto model = make_translator(architectures().front());
  const char* const old = std::getenv("TMPDIR");
  const std::string saved = old != nullptr ? old : "";
  setenv("TMPDIR", "/nowhere/at/all", 1);
  Converter convert = in_tiles(*model, {.side = 64});
  const std::string error = error_of([&] { convert(make_scene(100, 80)); });
  old != nullptr ? setenv("TMPDIR", saved.c_str(), 1) : unsetenv("TMPDIR");
  CHECK(error.find("[scratch /nowhere/at/all] cannot create a temporary file: No such file") == 0);
  CHECK(error.find("set TMPDIR to another directory") != std::string::npos);
}
