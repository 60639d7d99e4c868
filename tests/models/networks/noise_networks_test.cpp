// Networks match their sources exactly: parameters, names, shapes.
#include <doctest/doctest.h>

#include "models/make_model.h"
#include "models/model.h"
#include "models/networks/base_size.h"
#include "models/networks/noise_networks.h"
#include "models/planned_network.h"
#include "models/settings.h"

using namespace sumi;

namespace {

TrainOptions network_options(int size, int channels) {
  TrainOptions o;
  o.size = size;
  o.channels = channels;
  return o;
}

Shape output(const Module& m, const Shape& x) {
  Cost cost;
  return m.infer_shape(x, cost);
}

}  // namespace

TEST_CASE("the dense GAN has the course notes' sizes") {
  const auto g = dense_generator(network_options(28, 1)), d = dense_discriminator(network_options(28, 1));
  CHECK(g->parameter_count() == 1486352);
  CHECK(d->parameter_count() == 784 * 256 + 256 + 256 + 1);
  CHECK(output(*g, {5, 1, 1, 100}) == Shape{5, 28, 28, 1});
  CHECK(output(*d, {5, 28, 28, 1}) == Shape{5, 1, 1, 1});
}

TEST_CASE("the dense GAN and InfoGAN become narrower with --ngf and --ndf") {
  TrainOptions o = network_options(28, 1);
  o.ngf = 16;
  o.ndf = 8;
  CHECK(dense_generator(o)->parameter_count() == 101 * 64 + 65 * 128 + 129 * 256 + std::int64_t{257} * 784);
  CHECK(dense_discriminator(o)->parameter_count() == 785 * 32 + 33);
  TrainOptions info = default_options("infogan");
  info.ngf = 16;
  info.ndf = 8;
  const auto networks = plan_networks(info);
  REQUIRE(networks.size() == 3);
  // 74 -> 256, its norm -> 7x7x32, its norm -> convT 16, its norm -> convT 1
  CHECK(networks[0].module->parameter_count() ==
        75 * 256 + 512 + 257 * 1568 + 2 * 1568 + 16 * 32 * 16 + 16 + 32 + 16 * 16 + 1);
  // conv 8 -> conv 16, its norm -> dense 128, its norm -> 1
  CHECK(networks[1].module->parameter_count() ==
        16 * 8 + 8 + 16 * 8 * 16 + 16 + 32 + (784 + 1) * 128 + 256 + 129);
  // 128 -> 16, its norm -> 10 categories and 2 codes' means
  CHECK(networks[2].input == Shape{1, 1, 1, 128});
  CHECK(networks[2].module->parameter_count() == 129 * 16 + 32 + 17 * 14);
}

TEST_CASE("the dense-reshape GAN: a dense layer of each pixel, or of all features at once") {
  TrainOptions o = network_options(28, 1);
  o.ngf = 128;
  o.ndf = 256;
  o.variant = "pixel";
  const auto pixel = reshape_generator(o), d = reshape_discriminator(o);
  // 100 -> 6272, norm, 128 -> 256, norm, 12544 -> 784: the dense layers with their biases
  CHECK(pixel->parameter_count() == 101 * 6272 + 2 * 128 + 129 * 256 + 2 * 256 + std::int64_t{12545} * 784);
  CHECK(d->parameter_count() == 785 * 256 + 257);
  CHECK(output(*pixel, {5, 1, 1, 100}) == Shape{5, 28, 28, 1});
  CHECK(output(*d, {5, 28, 28, 1}) == Shape{5, 1, 1, 1});
  const MetaDevice without_memory;
  o.variant = "flat";
  const auto flat = reshape_generator(o);
  CHECK(flat->parameter_count() - pixel->parameter_count() == std::int64_t{6273} * 12544 - 129 * 256);
  CHECK(output(*flat, {5, 1, 1, 100}) == Shape{5, 28, 28, 1});
}

TEST_CASE("the 5x5-convolution GAN: 7x7 as in the listing, 28x28 with two enlargements, nothing else") {
  const MetaDevice without_memory;
  TrainOptions small = network_options(7, 1), usable = network_options(28, 1);
  small.ngf = usable.ngf = small.ndf = usable.ndf = 128;
  const auto g = conv5_generator(small), d = conv5_discriminator(small);
  // 100 -> 6272, its norm, 5x5: 128 -> 256 -> 512 -> 256 -> 128, their norms, -> 1
  CHECK(g->parameter_count() ==
        101 * 6272 + 2 * 6272 + 25 * (128 * 256 + 256 * 512 + 512 * 256 + 256 * 128 + 128) + 1153 + 2 * 1152);
  CHECK(d->parameter_count() == 50 * 128 + 2 * 128 + 129);
  CHECK(output(*g, {3, 1, 1, 100}) == Shape{3, 7, 7, 1});
  CHECK(conv5_generator(usable)->parameter_count() == g->parameter_count());
  CHECK(output(*conv5_generator(usable), {3, 1, 1, 100}) == Shape{3, 28, 28, 1});
  CHECK_THROWS_WITH(conv5_generator(network_options(14, 1)),
                    "[--size] 14 is not possible for gan-conv; use 28, or 7 as in the listing");
}

TEST_CASE("the autoencoder GAN generates 16x16x3, and converts images of any sides that 4 divides") {
  TrainOptions o = network_options(16, 3);
  o.ngf = o.ndf = 128;
  const MetaDevice without_memory;
  const auto g = autoencoder_generator(o), d = autoencoder_discriminator(o);
  // 100 -> 8192, its norm, 5x5 transposed 128 -> 128, 5x5 -> 3
  CHECK(g->parameter_count() == 101 * 8192 + 2 * 8192 + 25 * 128 * 128 + 128 + 25 * 128 * 3 + 3);
  CHECK(d->parameter_count() == 9 * 3 * 128 + 128 + 2 * 128 + 8 * 8 * 128 + 1);
  CHECK(output(*g, {2, 1, 1, 100}) == Shape{2, 16, 16, 3});
  CHECK(output(*d, {2, 16, 16, 3}) == Shape{2, 1, 1, 1});
  CHECK(output(*autoencoder_converter(o), {1, 20, 36, 3}) == Shape{1, 20, 36, 3});
  CHECK_THROWS_WITH(autoencoder_generator(network_options(15, 3)),
                    "[--size] 15 is not possible for gan-autoencoder; use an even number from 8 on");
}

TEST_CASE("the course notes' settings are the defaults of their models") {
  const TrainOptions reshape = default_options("gan-reshape"), conv = default_options("gan-conv");
  CHECK(reshape.lr == 2e-4);
  CHECK(reshape.beta1 == 0.9);
  CHECK(reshape.batch_size == 16);
  CHECK(reshape.label_smoothing == doctest::Approx(0.1));
  CHECK(reshape.bn_momentum == 0.8);
  CHECK(conv.lr == 1e-4);
  CHECK(conv.beta1 == 0.9);
  CHECK(conv.batch_size == 64);
  CHECK(conv.bn_momentum == 0.99);
  CHECK(conv.sample_with_replacement);
  CHECK(conv.resample_noise);
  CHECK(conv.save_every_epoch);
  TrainOptions wrong = reshape;
  wrong.variant = "cube";
  CHECK_THROWS_WITH(validate(wrong), "[--variant] value cube: unknown; use one of: pixel, flat");
}

TEST_CASE("DCGAN at 64 has the parameters of pytorch/examples/dcgan") {
  const auto g = dcgan_generator(network_options(64, 3)), d = dcgan_discriminator(network_options(64, 3));
  CHECK(g->parameter_count() == 3576704);
  CHECK(d->parameter_count() == 2765568);
  CHECK(g->parameters().front().name == "main.0.weight");
  CHECK(g->parameters().back().name == "main.12.weight");
  CHECK(g->buffers().back().name == "main.10.running_var");
  CHECK(d->parameters().back().name == "main.11.weight");
  Cost cost;
  CHECK(g->infer_shape({1, 1, 1, 100}, cost) == Shape{1, 64, 64, 3});
  // Published count: 0.105 GMAC for the generator at 64x64.
  CHECK(static_cast<double>(cost.macs) / 1e9 == doctest::Approx(0.105).epsilon(0.01));
}

TEST_CASE("DCGAN at other sizes") {
  for (const int size : {8, 16, 32, 128}) {
    const auto g = dcgan_generator(network_options(size, 1)),
               d = dcgan_discriminator(network_options(size, 1));
    CHECK(output(*g, {2, 1, 1, 100}) == Shape{2, size, size, 1});
    CHECK(output(*d, {2, size, size, 1}) == Shape{2, 1, 1, 1});
  }
  CHECK_THROWS_WITH(dcgan_generator(network_options(50, 3)),
                    "[--size] 50 is not possible for dcgan; use sides that are 3 to 16 times the same power "
                    "of two, from 2 on, and at most 256, such as 64, 48 or 64x48");
}

TEST_CASE("the smallest map of squares and of other shapes") {
  const auto base = [](int width, int height) {
    TrainOptions o;
    o.size = {width, height};
    const BaseSize b = base_size(o, "dcgan", 1);
    return std::vector<int>{b.width, b.height, b.doublings};
  };
  CHECK(base(64, 64) == std::vector{4, 4, 4});
  CHECK(base(48, 48) == std::vector{3, 3, 4});
  CHECK(base(28, 28) == std::vector{7, 7, 2});
  CHECK(base(64, 48) == std::vector{4, 3, 4});
  CHECK(base(16, 32) == std::vector{4, 8, 2});
  CHECK(base(256, 64) == std::vector{16, 4, 4});
  CHECK_THROWS(base(8, 256));    // 32 times as high
  CHECK_THROWS(base(64, 63));    // nothing to halve
  CHECK_THROWS(base(512, 512));  // above the largest side
}

TEST_CASE("networks from noise whose images are not square") {
  for (const char* model : {"dcgan", "wgan", "wgan-gp", "r3gan"}) {
    CAPTURE(model);
    TrainOptions o = default_options(model);
    o.ngf = o.ndf = 4;
    o.size = {48, 32};
    validate(o);
    const MetaDevice without_memory;
    for (const PlannedNetwork& n : plan_networks(o)) {
      const Shape made = output(*n.module, n.input);
      CHECK(made == (n.name == "g" ? Shape{1, 32, 48, 3} : Shape{1, 1, 1, 1}));
    }
  }
  TrainOptions square = default_options("infogan");
  square.size = {32, 16};
  CHECK_THROWS_WITH(validate(square), "[--size] value 32x16: this model generates squares; give one number");
}
