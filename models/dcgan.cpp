// DCGAN. Layer indices are those of pytorch/examples/dcgan: linear map, norm and activation count
// one each, as does a resize with its convolution, which has index 1 inside that place.
#include <fmt/format.h>

#include "models/gan.h"
#include "models/networks/base_size.h"
#include "models/networks/upsampling.h"
#include "models/options/option_groups.h"

namespace sumi {
namespace {

using MapKind = BlockOptions::MapKind;
using Norm = LayerSpec::Norm;

// The stride-2 layers between the smallest map and the full image include the last one.
constexpr int kLeastDoublings = 1;

LayerSpec layer(MapKind map, std::int64_t in, std::int64_t out, int stride, int pad) {
  LayerSpec s;
  s.map = map;
  s.in = in;
  s.out = out;
  s.kernel = 4;
  s.stride = stride;
  s.pad = pad;
  s.bias = false;
  return s;
}

// The same, between a point and the smallest map.
LayerSpec whole_map(LayerSpec s, const BaseSize& base) {
  s.kernel = base.height;
  s.kernel_width = base.width;
  return s;
}

}  // namespace

// DCGAN (Radford 2015) as in pytorch/examples/dcgan at 64x64; other sizes have fewer or more
// stride-2 layers, and a smallest map of other sides than 4x4 (models/networks/base_size.h). No
// biases; the first layer of d and the last of g have no norm.
//   g: z -> convT 4x4 (4x4 image) BN ReLU -> [convT 4x4 stride 2 BN ReLU]...
//      -> convT 4x4 stride 2 tanh
//   d: conv 4x4 stride 2 LeakyReLU .2 -> [conv 4x4 stride 2 BN LeakyReLU .2]...
//      -> conv 4x4 -> 1 logit
// At 64: g 3,576,704 and d 2,765,568 parameters (nz 100, ngf = ndf = 64).
std::unique_ptr<Sequential> dcgan_generator(const TrainOptions& o) {
  auto g = std::make_unique<Sequential>();
  const BaseSize base = base_size(o, "dcgan", kLeastDoublings);
  const int steps = base.doublings;
  std::int64_t width = std::int64_t{o.ngf} << (steps - 1);
  int index = 0;
  const auto add = [&](LayerSpec s, bool last) {
    s.name = fmt::format("main.{}", index);
    s.norm_name = fmt::format("main.{}", index + 1);
    s.norm = last ? Norm::none : o.virtual_batch_norm ? Norm::virtual_batch : Norm::batch;
    s.act = last ? Unary::tanh : Unary::relu;
    if (s.stride == 2)
      add_doubling(*g, s, {o.upsample, ".1"}, o);
    else
      g->add(s, dtype_of(o), device_of(o));  // a point becomes the smallest map
    index += 3;
  };
  add(whole_map(layer(MapKind::conv_transpose, latent_size(o), width, 1, 0), base), false);
  for (int i = 1; i < steps; ++i, width /= 2)
    add(layer(MapKind::conv_transpose, width, width / 2, 2, 1), false);
  add(layer(MapKind::conv_transpose, width, o.channels, 2, 1), true);
  return g;
}

std::unique_ptr<Sequential> dcgan_discriminator(const TrainOptions& o) {
  auto d = std::make_unique<Sequential>();
  const BaseSize base = base_size(o, "dcgan", kLeastDoublings);
  const int steps = base.doublings;
  std::int64_t width = o.ndf;
  int index = 0;
  const auto add = [&](LayerSpec s, bool norm, bool last) {
    s.name = fmt::format("main.{}", index);
    s.norm_name = fmt::format("main.{}", index + 1);
    s.norm = norm ? Norm::batch : Norm::none;
    s.act = last ? Unary::identity : Unary::leaky_relu;
    s.alpha = last ? 0 : 0.2;
    if (last)
      add_output_layer(*d, s, o);
    else
      add_layer(*d, s, o);
    index += norm ? 3 : 2;
  };
  add(layer(MapKind::conv, o.channels + condition_channels(o), width, 2, 1), false, false);
  for (int i = 1; i < steps; ++i, width *= 2) add(layer(MapKind::conv, width, width * 2, 2, 1), true, false);
  add(whole_map(layer(MapKind::conv, width, 1, 1, 0), base), false, true);
  return d;
}

extern const ModelSpec dcgan_spec{
    .name = "dcgan",
    .summary = "convolutional GAN: images from noise",
    .reference = "Radford 2015",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},
    .options = add_groups<ConvGanOptions, RectangleOptions>,
    .set_defaults = [](TrainOptions&) {},
    .networks = gan_networks<dcgan_generator, dcgan_discriminator>,
    .make = make_gan,
};

}  // namespace sumi
