// Images of any size through a network.
#include "models/inference/converter.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "engine/error.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/memory_stats.h"
#include "models/make_model.h"
#include "models/options/options.h"
#include "models/settings.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of;

namespace {

Photo make_photo(int w, int h) {
  Photo photo{w, h, 16, {}, {}, ""};
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      for (int c = 0; c < 3; ++c)
        photo.rgb.push_back(static_cast<std::uint16_t>(x * 2003 + y * 701 + c * 9001));
  return photo;
}

ImageNetwork identity(int multiple, int smallest, std::vector<Shape>* seen = nullptr) {
  ImageNetwork network;
  network.run = [seen](const Tensor& x) {
    if (seen) seen->push_back(x.shape());
    return x.clone();
  };
  network.multiple = multiple;
  network.smallest_side = smallest;
  return network;
}

LayerSpec layer(BlockOptions::MapKind map, const char* name, int in, int out, int stride) {
  LayerSpec spec;
  spec.map = map;
  spec.name = name;
  spec.in = in;
  spec.out = out;
  spec.kernel = 3;
  spec.stride = stride;
  spec.pad = 1;
  spec.output_padding = map == BlockOptions::MapKind::conv_transpose ? stride - 1 : 0;
  spec.norm = LayerSpec::Norm::instance;
  spec.act = Unary::relu;
  return spec;
}

// A small generator of CycleGAN's structure: downsampling, middle, upsampling.
std::unique_ptr<Sequential> small_generator(int width) {
  using MapKind = BlockOptions::MapKind;
  auto net = std::make_unique<Sequential>("net");
  net->add(layer(MapKind::conv, "0", 3, width, 1), DType::f32, {});
  net->add(layer(MapKind::conv, "1", width, 2 * width, 2), DType::f32, {});
  net->add(layer(MapKind::conv, "2", 2 * width, 4 * width, 2), DType::f32, {});
  net->add(layer(MapKind::conv, "3", 4 * width, 4 * width, 1), DType::f32, {});
  net->add(layer(MapKind::conv_transpose, "4", 4 * width, 2 * width, 2), DType::f32, {});
  net->add(layer(MapKind::conv_transpose, "5", 2 * width, width, 2), DType::f32, {});
  LayerSpec last = layer(MapKind::conv, "6", width, 3, 1);
  last.norm = LayerSpec::Norm::none;
  last.act = Unary::tanh;
  net->add(last, DType::f32, {});
  RandomStream stream(1, 1);
  initialize(*net, {}, stream);
  return net;
}

ImageNetwork network_of(Sequential& net) {
  ImageNetwork network;
  network.run = [&net](const Tensor& x) { return net(x); };
  network.multiple = 4;
  network.smallest_side = 8;
  return network;
}

}  // namespace

TEST_CASE("convert: an identity network returns every size unchanged") {
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 9}, {2, 3}, {7, 5}, {8, 8}, {13, 1}, {33, 65}}) {
    CAPTURE(w);
    CAPTURE(h);
    std::vector<Shape> seen;
    Converter convert(identity(4, 8, &seen));
    Photo photo = make_photo(w, h);
    photo.alpha.assign(photo.pixels(), 77);
    const Photo result = convert(photo);
    CHECK(result.width == w);
    CHECK(result.height == h);
    CHECK(result.depth == 16);
    CHECK(result.alpha == photo.alpha);
    REQUIRE(result.rgb.size() == photo.rgb.size());
    for (std::size_t i = 0; i < photo.rgb.size(); ++i) CHECK(std::abs(result.rgb[i] - photo.rgb[i]) <= 1);
    const Shape ran = seen.back();
    CHECK(ran.h % 4 == 0);
    CHECK(ran.w % 4 == 0);
    CHECK(ran.h >= 8);
    CHECK(ran.w >= 8);
    CHECK(ran.w < std::max(w + 4, 9));
  }
}

TEST_CASE("convert: padding reflects, or repeats the edge if there are too few pixels") {
  std::vector<float> row;
  ImageNetwork network = identity(8, 8);
  network.run = [&row](const Tensor& x) {
    if (x.shape().w == 8) {
      row.clear();
      const auto values = x.to_vector<float>();
      for (std::size_t i = 0; i < 8; ++i) row.push_back(std::round((values[3 * i] + 1) * 32767.5F));
    }
    return x.clone();
  };
  Converter convert(network);
  const auto extended = [&](std::vector<std::uint16_t> gray) {
    Photo photo{static_cast<int>(gray.size()), 1, 16, {}, {}, ""};
    for (const auto v : gray) photo.rgb.insert(photo.rgb.end(), 3, v);
    convert(photo);
    return row;
  };
  CHECK(extended({10, 20, 30, 40, 50}) == std::vector<float>{10, 20, 30, 40, 50, 40, 30, 20});
  CHECK(extended({10, 20, 30, 40}) == std::vector<float>{10, 20, 30, 40, 40, 40, 40, 40});
  CHECK(extended({10}) == std::vector<float>(8, 10));
}

TEST_CASE("convert: networks of one channel get luma and give gray") {
  ImageNetwork network = identity(1, 1);
  network.channels = 1;
  Converter convert(network);
  Photo red{1, 1, 8, {65535, 0, 0}, {}, ""};
  const Photo result = convert(red);
  CHECK(std::abs(result.rgb[0] - 19595) <= 1);
  CHECK(result.rgb[2] == result.rgb[0]);
}

TEST_CASE("convert: values out of range are clamped; NaN, infinity and a changed size are errors") {
  ImageNetwork network = identity(1, 1);
  float value = 7;
  network.run = [&](const Tensor& x) { return Tensor::full(x.shape(), value, x.dtype(), x.device()); };
  Converter convert(network);
  CHECK(convert(make_photo(2, 2)).rgb[0] == 65535);
  value = -7;
  CHECK(convert(make_photo(2, 2)).rgb[0] == 0);
  for (const float bad : {std::nanf(""), -std::nanf("")}) {
    value = bad;
    CHECK(error_of([&] { convert(make_photo(2, 2)); }).find("[convert] the network drew NaN; ") == 0);
  }
  value = -INFINITY;
  CHECK(error_of([&] { convert(make_photo(2, 2)); }).find("[convert] the network drew infinity; ") == 0);
  network.run = [](const Tensor& x) {
    auto values = x.to_vector<float>();
    values.back() = std::nanf("");
    return Tensor::from(values, x.shape(), x.dtype(), x.device());
  };
  Converter once(network);
  CHECK(error_of([&] { once(make_photo(3, 2)); }).find("drew NaN") != std::string::npos);
  network.run = [](const Tensor& x) {
    return Tensor::zeros({1, x.shape().h + 1, x.shape().w, 3}, x.dtype(), x.device());
  };
  Converter wrong(network);
  CHECK(error_of([&] { wrong(make_photo(2, 2)); }).find("does not keep the size") != std::string::npos);
}

TEST_CASE("convert: the predicted memory suffices, and is close to the actual use") {
  const auto net = small_generator(16);
  Converter convert(network_of(*net));
  const Device device;
  for (const auto& [w, h] : {std::pair{300, 200}, {513, 387}, {1000, 700}, {64, 2000}}) {
    CAPTURE(w);
    CAPTURE(h);
    const auto predicted = static_cast<double>(convert.predicted_bytes(w, h));
    release_memory(device);
    const auto before = static_cast<double>(memory_held(device));
    Pool::of(device).reset_peak();
    const auto used = static_cast<double>(Pool::of(device).stats().in_use);
    convert(make_photo(w, h));
    const double held = static_cast<double>(memory_held(device)) - before;
    const double peak = static_cast<double>(Pool::of(device).stats().peak_in_use) - used;
    CHECK(peak > 0);
    CHECK(peak <= predicted);
    CHECK(held + 40.0 * w * h <=
          predicted);  // including the image as integers and floats outside of the pool
    CHECK(predicted <= 2 * (peak + 64.0 * w * h) + (16 << 20));
  }
}

TEST_CASE("convert: an image that needs too much memory is refused, and the cure works") {
  const auto net = small_generator(16);
  Converter convert(network_of(*net), 64 << 20);
  convert(make_photo(100, 100));
  const std::string error = error_of([&] { convert(make_photo(1200, 600)); });
  CAPTURE(error);
  CHECK(error.find("[convert] an image of 1200x600 needs about 0.") == 0);
  CHECK(error.find("0.06 are allowed (--max-memory); shrink it with --max-size ") != std::string::npos);
  const int side = std::stoi(error.substr(error.rfind(' ') + 1));
  CHECK(side >= 200);
  CHECK(side < 1200);
  const auto [w, h] = limited_size(1200, 600, side);
  CHECK(convert(make_photo(w, h)).width == w);
}

TEST_CASE("convert: the advised size is accepted, and much larger ones are not") {
  for (const int multiple : {4, 128})
    for (const auto& [w, h] : {std::pair{1201, 600}, {601, 2003}, {40, 9000}})
      for (const int mib : {10, 12, 17, 60}) {
        CAPTURE(multiple);
        CAPTURE(w);
        CAPTURE(h);
        CAPTURE(mib);
        ImageNetwork network = identity(multiple, 8);
        network.run = [](const Tensor& x) {
          const Shape s = x.shape();
          const Tensor work = Tensor::full({1, s.h, s.w, 32}, 0, x.dtype(), x.device());
          return x.clone();
        };
        const std::uint64_t limit = std::uint64_t(mib) << 20;
        Converter convert(network, limit);
        if (convert.predicted_bytes(w, h) <= limit) continue;
        Photo photo{w, h, 8, {}, {}, ""};  // rejected before its pixels are read
        const std::string error = error_of([&] { convert(photo); });
        CAPTURE(error);
        if (error.find("no size fits") != std::string::npos) {
          CHECK(convert.predicted_bytes(1, 1) > limit);
          const double gib = std::stod(error.substr(error.find("raise --max-memory to ") + 22));
          const auto raised = static_cast<std::uint64_t>(gib * (1 << 30));
          CHECK(Converter(network, raised)(make_photo(1, 1)).width == 1);
          continue;
        }
        REQUIRE(error.find("; shrink it with --max-size ") != std::string::npos);
        const int side = std::stoi(error.substr(error.rfind(' ') + 1));
        const auto [fits_w, fits_h] = limited_size(w, h, side);
        CHECK(convert.predicted_bytes(fits_w, fits_h) <= limit);
        const auto [more_w, more_h] = limited_size(w, h, side + 16);
        CHECK(convert.predicted_bytes(more_w, more_h) > limit);
        CHECK(Converter(network, limit)(make_photo(fits_w, fits_h)).width == fits_w);
      }
}

TEST_CASE("convert: if no size fits, the limit is named") {
  const auto net = small_generator(16);
  Converter convert(network_of(*net), 1 << 20);
  const std::string error = error_of([&] { convert(make_photo(300, 200)); });
  CHECK(error.find("are allowed (--max-memory); no size fits: raise --max-memory to 0.0") !=
        std::string::npos);
  CHECK(error.find("--max-size") == std::string::npos);
  Converter crowded(network_of(*net), 0, [] { return std::uint64_t{1} << 20; });
  release_memory({});
  CHECK(error_of([&] { crowded(make_photo(300, 200)); }).find("close other programs") != std::string::npos);
}

TEST_CASE("convert: only free blocks count as available memory") {
  const Device device;
  std::uint64_t available = std::uint64_t{1} << 40;
  Converter convert(identity(1, 1), 0, [&] { return available; });
  const Photo photo = make_photo(400, 300);
  const std::uint64_t need = convert.predicted_bytes(400, 300);
  const Tensor in_use = Tensor::full({1, 1024, 1024, 16}, 0, DType::f32, device);  // 64 MiB
  REQUIRE(need < 64 << 20);
  available = need / 2;
  CHECK(error_of([&] { convert(photo); }).find("are available; shrink it with") != std::string::npos);
  available = need;
  convert(photo);
  const std::uint64_t free = memory_held(device) - Pool::of(device).stats().in_use;
  CHECK(free > 0);
  available = need - free;  // the blocks of the last image are reused
  convert(photo);
  available = need - free - 1;
  CHECK_THROWS_AS(convert(photo), Error);
  available = 0;  // the system does not report it
  CHECK(convert(photo).width == 400);
}

TEST_CASE("convert: the long side is limited, the other follows") {
  CHECK(limited_size(400, 200, 0) == std::pair{400, 200});
  CHECK(limited_size(400, 200, 400) == std::pair{400, 200});
  CHECK(limited_size(400, 200, 100) == std::pair{100, 50});
  CHECK(limited_size(3, 4000, 100) == std::pair{1, 100});
}

TEST_CASE("convert: models that generate from noise are rejected") {
  TrainOptions options = default_options("dcgan");
  options.size = 16;
  options.ngf = options.ndf = 4;
  const auto model = make_model(options);
  const std::string error = error_of([&] { image_network(*model, "", false); });
  CHECK(error.find("cannot translate") != std::string::npos);
}

TEST_CASE("memory: the system reports what is available") {
  CHECK(available_memory() > 1 << 20);
  CHECK(available_memory() < std::uint64_t{1} << 50);
}
