// Networks of the lab's GAN.
#include <fmt/format.h>

#include <memory>

#include "engine/error.h"
#include "lab/gan.h"
#include "models/networks/noise_networks.h"
#include "models/networks/output_layer.h"

namespace sumi::lab {
namespace {

using Norm = LayerSpec::Norm;
constexpr double kSlope = 0.2;
constexpr std::int64_t kPlane = 2;  // coordinates of a point

LayerSpec dense(int index, std::int64_t in, std::int64_t out, bool last) {
  LayerSpec s;
  s.map = BlockOptions::MapKind::dense;
  s.in = in;
  s.out = out;
  s.act = last ? Unary::identity : Unary::leaky_relu;
  s.alpha = last ? 0 : kSlope;
  s.name = fmt::format("dense.{}", index);
  return s;
}

Norm norm_of(const std::string& name) {
  if (name == "batch") return Norm::batch;
  if (name == "layer") return Norm::layer;
  if (name == "none") return Norm::none;
  fail("d_norm", "unknown '" + name + "'; use batch, layer or none");
}

// DCGAN's discriminator (models/dcgan.cpp), whose norm can be chosen: a gradient penalty is one of
// each sample, which a norm over the batch contradicts.
std::unique_ptr<Module> picture_discriminator(const TrainOptions& o, const GanSettings& settings) {
  if ((o.size & (o.size - 1)) != 0) fail("size", fmt::format("is {}; use 8, 16 or 32", o.size));
  auto d = std::make_unique<Sequential>();
  std::int64_t in = o.channels, out = o.ndf;
  int index = 0;
  for (int side = o.size; side > 4; side /= 2, in = out, out *= 2, ++index) {
    LayerSpec s;
    s.in = in;
    s.out = out;
    s.kernel = 4;
    s.stride = 2;
    s.pad = 1;
    s.norm = index == 0 ? Norm::none : norm_of(settings.d_norm);
    s.bias = s.norm == Norm::none;
    s.act = Unary::leaky_relu;
    s.alpha = kSlope;
    s.name = fmt::format("conv.{}", index);
    s.norm_name = fmt::format("norm.{}", index);
    add_layer(*d, s, o);
  }
  LayerSpec last;
  last.in = in;
  last.out = 1;
  last.kernel = 4;
  last.name = fmt::format("conv.{}", index);
  add_output_layer(*d, last, o);
  return d;
}

}  // namespace

std::unique_ptr<Module> lab_generator(const TrainOptions& o, const GanSettings& s) {
  if (s.network == "pictures") return dcgan_generator(o);
  auto g = std::make_unique<Sequential>();
  std::int64_t in = o.nz;
  for (int i = 0; i < s.layers; ++i, in = o.ngf)
    g->add(dense(i, in, o.ngf, false), dtype_of(o), device_of(o));
  g->add(dense(s.layers, in, kPlane, true), dtype_of(o), device_of(o));
  return g;
}

std::unique_ptr<Module> lab_discriminator(const TrainOptions& o, const GanSettings& s) {
  if (s.network == "pictures") return picture_discriminator(o, s);
  auto d = std::make_unique<Sequential>();
  std::int64_t in = kPlane;
  for (int i = 0; i < s.layers; ++i, in = o.ndf) add_layer(*d, dense(i, in, o.ndf, false), o);
  add_output_layer(*d, dense(s.layers, in, 1, true), o);
  return d;
}

}  // namespace sumi::lab
