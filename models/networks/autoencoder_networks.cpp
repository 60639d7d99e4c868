// Networks of the autoencoder GAN. Layer indices count linear maps, reshapes, norms and activations
// one each.
#include <fmt/format.h>

#include "models/networks/noise_networks.h"
#include "models/networks/upsampling.h"

namespace sumi {
namespace {

LayerSpec conv(const std::string& name, std::int64_t in, std::int64_t out, int kernel) {
  LayerSpec s;
  s.in = in;
  s.out = out;
  s.kernel = kernel;
  s.pad = kernel / 2;
  s.name = name;
  return s;
}

// Halves height and width with Keras's "same" padding: for an even side, the padding of one that a
// 3x3 filter needs is at the bottom and on the right only.
LayerSpec halving(const std::string& name, std::int64_t in, std::int64_t out) {
  LayerSpec s = conv(name, in, out, 3);
  s.stride = 2;
  s.pad = 0;
  s.pad_end = 1;
  return s;
}

// Doubles height and width with a 5x5 filter and "same" padding: of the 2 side + 3 rows, one is cut
// off at the top and two at the bottom.
void add_twice(Sequential& to, const TrainOptions& o, const std::string& name) {
  LayerSpec s = conv(name, o.ngf, o.ngf, 5);
  s.stride = 2;
  s.pad = 1;
  s.pad_end = 2;
  add_doubling(to, s, {o.upsample, ".1"}, o);
}

}  // namespace

std::unique_ptr<Sequential> autoencoder_generator(const TrainOptions& o) {
  if (o.size < 8 || o.size % 2 != 0)
    fail("--size",
         fmt::format("{} is not possible for gan-autoencoder; use an even number from 8 on", o.size));
  const Shape small{1, o.size / 2, o.size / 2, o.ngf};
  auto g = std::make_unique<Sequential>();
  LayerSpec first = dense_layer(0, latent_size(o), small.count());
  first.flat_out = small;
  g->add(first, dtype_of(o), device_of(o));
  g->add(keras_batch_norm(o, "main.1", small.count(), Unary::relu, 0, small));
  g->add(std::make_unique<Reshape>(small));
  add_twice(*g, o, "main.4");
  LayerSpec last = conv("main.5", o.ngf, o.channels, 5);
  last.act = Unary::tanh;
  g->add(last, dtype_of(o), device_of(o));
  return g;
}

std::unique_ptr<Sequential> autoencoder_discriminator(const TrainOptions& o) {
  const Shape features{1, (o.size + 1) / 2, (o.size + 1) / 2, o.ndf};
  auto d = std::make_unique<Sequential>();
  add_layer(*d, halving("main.0", o.channels + condition_channels(o), o.ndf), o);
  d->add(keras_batch_norm(without_virtual_norm(o), "main.1", o.ndf, Unary::leaky_relu, 0.2));
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  LayerSpec last = dense_layer(4, features.count(), 1);
  last.flat_in = features;
  add_output_layer(*d, last, o);
  return d;
}

std::unique_ptr<Sequential> autoencoder_converter(const TrainOptions& o) {
  auto g = std::make_unique<Sequential>();
  const auto add = [&](const LayerSpec& s) { g->add(s, dtype_of(o), device_of(o)); };
  const auto norm = [&](const std::string& name, Unary act, double alpha) {
    g->add(keras_batch_norm(o, name, o.ngf, act, alpha));
  };
  add(halving("encoder.0", o.channels, o.ngf));
  norm("encoder.1", Unary::leaky_relu, 0.2);
  add(halving("encoder.3", o.ngf, o.ngf));
  norm("encoder.4", Unary::leaky_relu, 0.2);
  add(conv("encoder.6", o.ngf, o.nz, 1));
  add(conv("decoder.0", o.nz, o.ngf, 1));
  norm("decoder.1", Unary::relu, 0);
  add_twice(*g, o, "decoder.3");
  norm("decoder.4", Unary::relu, 0);
  add_twice(*g, o, "decoder.6");
  LayerSpec last = conv("decoder.7", o.ngf, o.channels, 5);
  last.act = Unary::tanh;
  add(last);
  return g;
}

}  // namespace sumi
