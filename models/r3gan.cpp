// R3GAN: a modern baseline (Huang et al. 2024, "The GAN is dead; long live the GAN!"): the
// relativistic loss with R1 and R2 at every step, and residual networks without norms.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/ops.h"
#include "models/gan.h"
#include "models/networks/base_size.h"
#include "models/options/option_groups.h"

namespace sumi {
namespace {

using MapKind = BlockOptions::MapKind;

constexpr double kLeakySlope = 0.2;
constexpr std::int64_t kExpansion = 2;    // width inside a residual branch, of the width outside
constexpr std::int64_t kGroupWidth = 16;  // channels of a group, as in the published networks
constexpr int kBranchLayers = 3;
constexpr int kFewestDoublings = 1;

// Factors on kaiming's standard deviation sqrt(2 / fan_in), for a layer before a LeakyReLU and for
// one before a linear layer, so that both keep the variance of their input.
const double kBeforeLeaky = 1 / std::sqrt(1 + kLeakySlope * kLeakySlope);
const double kBeforeLinear = std::sqrt(0.5);

// Halves height and width: the mean under the filter [1,3,3,1] / 8 along both axes, which is
// [1,2,1] with two neighbors averaged. The transpose of bilinear upsampling, so that constants stay
// at the border too.
class Downsample final : public Module {
 public:
  Downsample() : Module("downsample") {}
  Shape infer_shape(const Shape& x, Cost&) const override { return {x.n, x.h / 2, x.w / 2, x.c}; }

 protected:
  Tensor forward(const Tensor& x) override {
    Cost none;
    return affine(resize2d_grad(x, infer_shape(x.shape(), none), {ResizeMode::bilinear}), 0.25);
  }
};

LayerSpec layer(const std::string& name, std::int64_t in, std::int64_t out, double init_scale) {
  LayerSpec s;
  s.in = in;
  s.out = out;
  s.bias = false;
  s.name = name;
  s.init_scale = init_scale;
  return s;
}

// A depthwise convolution of the size of the smallest map, or its transpose.
LayerSpec basis(const std::string& name, MapKind map, std::int64_t channels, const BaseSize& base) {
  LayerSpec s = layer(name, channels, channels, kBeforeLinear);
  s.map = map;
  s.kernel = base.height;
  s.kernel_width = base.width;
  s.groups = static_cast<int>(channels);
  return s;
}

// x + conv 1x1(leaky(grouped conv 3x3(leaky(conv 1x1(x))))), twice as wide inside. The last
// convolution starts at zero and the others at L^(-1 / (2m - 2)) of their usual size, for m layers
// in each of L blocks, so that the network starts as the identity and its updates keep their size
// at any depth (Fixup, Zhang 2019).
class FixupBlock final : public Module {
 public:
  // `spectral`: spectral norm, under which a weight of zero does not exist.
  FixupBlock(const std::string& name, std::int64_t channels, int blocks, bool spectral, DType dtype,
             const Device& device)
      : Module(name) {
    const std::int64_t wide = kExpansion * channels;
    const double scale = kBeforeLeaky * std::pow(blocks, -1.0 / (2 * kBranchLayers - 2));
    std::vector<LayerSpec> specs{layer(name + ".conv1", channels, wide, scale),
                                 layer(name + ".conv2", wide, wide, scale),
                                 layer(name + ".conv3", wide, channels, spectral ? scale : 0)};
    specs[1].kernel = 3;
    specs[1].pad = 1;
    specs[1].groups = static_cast<int>(wide / std::gcd(wide, kGroupWidth));
    for (std::size_t i : {0, 1}) {
      specs[i].bias = true;
      specs[i].act = Unary::leaky_relu;
      specs[i].alpha = kLeakySlope;
    }
    for (LayerSpec& s : specs) {
      s.spectral = spectral;
      layers_.push_back(&add_child(std::make_unique<FusedLayer>(s, dtype, device)));
    }
  }

  Shape infer_shape(const Shape& x, Cost& cost) const override {
    Shape y = x;
    for (const FusedLayer* l : layers_) y = l->infer_shape(y, cost);
    return y;
  }

 protected:
  Tensor forward(const Tensor& x) override { return (*layers_[2])((*layers_[1])((*layers_[0])(x)), x); }

 private:
  std::vector<FusedLayer*> layers_;
};

// Channels at each size, from the smallest map to the full image: at 64, 8, 8, 4, 2 and 1 times
// `width`.
std::vector<std::int64_t> widths(const BaseSize& base, int width) {
  std::vector<std::int64_t> all;
  for (int i = base.doublings; i >= 0; --i) all.push_back(std::int64_t{width} << std::min(i, 3));
  return all;
}

// The residual blocks of one size.
void add_blocks(Sequential& to, int stage, std::int64_t channels, int stages, const TrainOptions& o,
                bool spectral) {
  for (int i = 0; i < o.n_blocks; ++i)
    to.add(std::make_unique<FixupBlock>(fmt::format("stages.{}.{}", stage, i), channels, stages * o.n_blocks,
                                        spectral, dtype_of(o), device_of(o)));
}

// z -> dense, spread over the smallest map by a learned pattern for each channel; at each size
// residual blocks, and between sizes conv 1x1 (if the width changes) and bilinear upsampling; last
// conv 1x1 to the image, without an activation.
std::unique_ptr<Sequential> r3gan_generator(const TrainOptions& o) {
  const BaseSize base = base_size(o, "r3gan", kFewestDoublings);
  const std::vector<std::int64_t> width = widths(base, o.ngf);
  const int stages = base.doublings + 1;
  auto g = std::make_unique<Sequential>();
  LayerSpec input = layer("input", latent_size(o), width[0], kBeforeLinear);
  input.map = MapKind::dense;
  g->add(input, dtype_of(o), device_of(o));
  LayerSpec pattern = basis("basis", MapKind::conv_transpose, width[0], base);
  // N(0, 1), whatever the fan-in.
  pattern.init_scale = std::sqrt(base.height * base.width / 2.0);
  g->add(pattern, dtype_of(o), device_of(o));
  for (int i = 0; i < stages; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (i > 0) {
      if (width[at] != width[at - 1])
        g->add(layer(fmt::format("resize.{}", i), width[at - 1], width[at], kBeforeLinear), dtype_of(o),
               device_of(o));
      g->add(std::make_unique<Upsample>(ResizeMode::bilinear));
    }
    add_blocks(*g, i, width[at], stages, o, false);
  }
  g->add(layer("output", width.back(), o.channels, kBeforeLinear), dtype_of(o), device_of(o));
  return g;
}

// The mirror image: conv 1x1; at each size residual blocks, and between sizes downsampling and conv
// 1x1; last a depthwise convolution of the smallest map's size, and dense 1.
std::unique_ptr<Sequential> r3gan_discriminator(const TrainOptions& o) {
  const BaseSize base = base_size(o, "r3gan", kFewestDoublings);
  const std::vector<std::int64_t> width = widths(base, o.ndf);
  const int stages = base.doublings + 1;
  auto d = std::make_unique<Sequential>();
  add_layer(*d, layer("input", o.channels + condition_channels(o), width.back(), kBeforeLinear), o);
  for (int i = stages - 1; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(i);
    add_blocks(*d, i, width[at], stages, o, o.spectral_norm);
    if (i == 0) break;
    d->add(std::make_unique<Downsample>());
    if (width[at] != width[at - 1])
      add_layer(*d, layer(fmt::format("resize.{}", i), width[at], width[at - 1], kBeforeLinear), o);
  }
  add_layer(*d, basis("basis", MapKind::conv, width[0], base), o);
  LayerSpec last = layer("output", width[0], 1, kBeforeLinear);
  last.map = MapKind::dense;
  add_output_layer(*d, last, o);
  return d;
}

void add_r3gan_options(OptionTable& t) {
  add_groups<NoiseGanOptions, RectangleOptions>(t);
  t.heading("Networks");
  t.add("n-blocks", &TrainOptions::n_blocks).help("residual blocks at each size").range(1, 16);
}

}  // namespace

extern const ModelSpec r3gan_spec{
    .name = "r3gan",
    .summary = "relativistic GAN with R1 and R2: stable training, residual networks without norms",
    .reference = "Huang 2024",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},
    .options = add_r3gan_options,
    .set_defaults =
        [](TrainOptions& o) {
          o.gan_mode = "relativistic";
          o.r1 = o.r2 = 1;
          o.r1_interval = 1;
          o.nz = 64;
          o.ngf = o.ndf = 32;
          o.n_blocks = 1;
          o.beta1 = 0;
          o.beta2 = 0.99;
          o.init_type = "kaiming";
          o.init_gain = 1;
          o.ema = 0.999;
        },
    .networks = gan_networks<r3gan_generator, r3gan_discriminator>,
    .make = make_gan,
};

}  // namespace sumi
