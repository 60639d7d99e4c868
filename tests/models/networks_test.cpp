// Networks are exactly those of their sources: parameters, names, shapes.
#include <doctest/doctest.h>

#include "models/networks.h"

using namespace sumi;

namespace {

NetOptions options(int size, int channels) {
  NetOptions o;
  o.size = size;
  o.channels = channels;
  return o;
}

Shape output(const Module& m, const Shape& x) {
  Cost cost;
  return m.plan(x, cost);
}

}  // namespace

TEST_CASE("the dense GAN has the source texts' sizes") {
  const auto g = dense_generator(options(28, 1)), d = dense_discriminator(options(28, 1));
  CHECK(g->parameter_count() == 1486352);
  CHECK(d->parameter_count() == 784 * 256 + 256 + 256 + 1);
  CHECK(output(*g, {5, 1, 1, 100}) == Shape{5, 28, 28, 1});
  CHECK(output(*d, {5, 28, 28, 1}) == Shape{5, 1, 1, 1});
}

TEST_CASE("DCGAN at 64 has the well-known example's parameters") {
  const auto g = dcgan_generator(options(64, 3)), d = dcgan_discriminator(options(64, 3));
  CHECK(g->parameter_count() == 3576704);
  CHECK(d->parameter_count() == 2765568);
  CHECK(g->parameters().front().name == "main.0.weight");
  CHECK(g->parameters().back().name == "main.12.weight");
  CHECK(g->buffers().back().name == "main.10.running_var");
  CHECK(d->parameters().back().name == "main.11.weight");
  Cost cost;
  CHECK(g->plan({1, 1, 1, 100}, cost) == Shape{1, 64, 64, 3});
  // peers.md: 0.105 GMAC for the generator at 64x64.
  CHECK(static_cast<double>(cost.macs) / 1e9 == doctest::Approx(0.105).epsilon(0.01));
}

TEST_CASE("DCGAN at other sizes") {
  for (const int size : {8, 16, 32, 128}) {
    const auto g = dcgan_generator(options(size, 1)), d = dcgan_discriminator(options(size, 1));
    CHECK(output(*g, {2, 1, 1, 100}) == Shape{2, size, size, 1});
    CHECK(output(*d, {2, size, size, 1}) == Shape{2, 1, 1, 1});
  }
  CHECK_THROWS_WITH(dcgan_generator(options(48, 3)),
                    "[--size] 48 is not possible for dcgan; use 8, 16, 32, 64, 128 or 256");
}
