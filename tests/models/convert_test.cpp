// Pictures of any size through a network.
#include "models/convert.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "engine/error.h"
#include "engine/footprint.h"
#include "engine/memory.h"
#include "models/options.h"

using namespace sumi;

namespace {

Photo make_photo(int w, int h) {
  Photo photo{w, h, 16, {}, {}, ""};
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      for (int c = 0; c < 3; ++c)
        photo.rgb.push_back(static_cast<std::uint16_t>(x * 2003 + y * 701 + c * 9001));
  return photo;
}

PictureNetwork identity(int multiple, int smallest, std::vector<Shape>* seen = nullptr) {
  PictureNetwork network;
  network.run = [seen](const Tensor& x) {
    if (seen) seen->push_back(x.shape());
    return x.clone();
  };
  network.multiple = multiple;
  network.smallest_side = smallest;
  return network;
}

LayerSpec layer(BlockOptions::Linear linear, const char* name, int in, int out, int stride) {
  LayerSpec spec;
  spec.linear = linear;
  spec.name = name;
  spec.in = in;
  spec.out = out;
  spec.kernel = 3;
  spec.stride = stride;
  spec.pad = 1;
  spec.output_padding = linear == BlockOptions::Linear::conv_transpose ? stride - 1 : 0;
  spec.norm = LayerSpec::Norm::instance;
  spec.act = Unary::relu;
  return spec;
}

// The shape of a CycleGAN generator, small: down, through, up.
std::unique_ptr<Sequential> small_generator(int width) {
  using Linear = BlockOptions::Linear;
  auto net = std::make_unique<Sequential>("net");
  net->add(layer(Linear::conv, "0", 3, width, 1), DType::f32, {});
  net->add(layer(Linear::conv, "1", width, 2 * width, 2), DType::f32, {});
  net->add(layer(Linear::conv, "2", 2 * width, 4 * width, 2), DType::f32, {});
  net->add(layer(Linear::conv, "3", 4 * width, 4 * width, 1), DType::f32, {});
  net->add(layer(Linear::conv_transpose, "4", 4 * width, 2 * width, 2), DType::f32, {});
  net->add(layer(Linear::conv_transpose, "5", 2 * width, width, 2), DType::f32, {});
  LayerSpec last = layer(Linear::conv, "6", width, 3, 1);
  last.norm = LayerSpec::Norm::none;
  last.act = Unary::tanh;
  net->add(last, DType::f32, {});
  RandomStream stream(1, 1);
  initialize(*net, {}, stream);
  return net;
}

PictureNetwork network_of(Sequential& net) {
  PictureNetwork network;
  network.run = [&net](const Tensor& x) { return net(x); };
  network.multiple = 4;
  network.smallest_side = 8;
  return network;
}

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("convert: every size comes back as it was, through a network that changes nothing") {
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

TEST_CASE("convert: the extension mirrors, or repeats the edge where there is too little to mirror") {
  std::vector<float> row;
  PictureNetwork network = identity(8, 8);
  network.run = [&row](const Tensor& x) {
    if (x.shape().w == 8) {
      row.clear();
      const auto values = x.to_vector<float>();
      for (std::size_t i = 0; i < 8; ++i) row.push_back(std::round((values[3 * i] + 1) * 32767.5F));
    }
    return x.clone();
  };
  Converter convert(network);
  const auto extended = [&](std::vector<std::uint16_t> grey) {
    Photo photo{static_cast<int>(grey.size()), 1, 16, {}, {}, ""};
    for (const auto v : grey) photo.rgb.insert(photo.rgb.end(), 3, v);
    convert(photo);
    return row;
  };
  CHECK(extended({10, 20, 30, 40, 50}) == std::vector<float>{10, 20, 30, 40, 50, 40, 30, 20});
  CHECK(extended({10, 20, 30, 40}) == std::vector<float>{10, 20, 30, 40, 40, 40, 40, 40});
  CHECK(extended({10}) == std::vector<float>(8, 10));
}

TEST_CASE("convert: networks of one channel get luma and give grey") {
  PictureNetwork network = identity(1, 1);
  network.channels = 1;
  Converter convert(network);
  Photo red{1, 1, 8, {65535, 0, 0}, {}, ""};
  const Photo result = convert(red);
  CHECK(std::abs(result.rgb[0] - 19595) <= 1);
  CHECK(result.rgb[2] == result.rgb[0]);
}

TEST_CASE("convert: values out of range are clamped, NaN is black, a changed size is an error") {
  PictureNetwork network = identity(1, 1);
  float value = 7;
  network.run = [&](const Tensor& x) { return Tensor::full(x.shape(), value, x.dtype(), x.device()); };
  Converter convert(network);
  CHECK(convert(make_photo(2, 2)).rgb[0] == 65535);
  value = std::nanf("");
  CHECK(convert(make_photo(2, 2)).rgb[0] == 0);
  network.run = [](const Tensor& x) {
    return Tensor::zeros({1, x.shape().h + 1, x.shape().w, 3}, x.dtype(), x.device());
  };
  Converter wrong(network);
  CHECK(error_of([&] { wrong(make_photo(2, 2)); }).find("does not keep the size") != std::string::npos);
}

TEST_CASE("convert: the memory predicted is enough, and not far from what is taken") {
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
    CHECK(held + 40.0 * w * h <= predicted);  // with the picture as integers and floats outside of the pool
    CHECK(predicted <= 2 * (peak + 64.0 * w * h) + (16 << 20));
  }
}

TEST_CASE("convert: a picture that needs too much memory is refused, and the cure works") {
  const auto net = small_generator(16);
  Converter convert(network_of(*net), 64 << 20);
  convert(make_photo(100, 100));
  const std::string error = error_of([&] { convert(make_photo(1200, 600)); });
  CAPTURE(error);
  CHECK(error.find("[convert] a picture of 1200x600 needs about 0.") == 0);
  CHECK(error.find("0.06 are allowed (--max-memory); shrink it with --max-size ") != std::string::npos);
  const int side = std::stoi(error.substr(error.rfind(' ') + 1));
  CHECK(side >= 200);
  CHECK(side < 1200);
  const auto [w, h] = limited_size(1200, 600, side);
  CHECK(convert(make_photo(w, h)).width == w);
}

TEST_CASE("convert: the long side is limited, the other follows") {
  CHECK(limited_size(400, 200, 0) == std::pair{400, 200});
  CHECK(limited_size(400, 200, 400) == std::pair{400, 200});
  CHECK(limited_size(400, 200, 100) == std::pair{100, 50});
  CHECK(limited_size(3, 4000, 100) == std::pair{1, 100});
}

TEST_CASE("convert: models that draw from noise translate nothing") {
  TrainOptions options = default_options("dcgan");
  options.size = 16;
  options.ngf = options.ndf = 4;
  const auto model = make_model(options);
  const std::string error = error_of([&] { picture_network(*model, "", false); });
  CHECK(error.find("cannot translate") != std::string::npos);
}

TEST_CASE("footprint: the system tells what is left") {
  CHECK(available_memory() > 1 << 20);
  CHECK(available_memory() < std::uint64_t{1} << 50);
}
