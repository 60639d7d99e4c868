#include "models/networks/resnet_critic.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/trace.h"
#include "models/networks/base_size.h"
#include "models/networks/upsampling.h"

namespace sumi {
namespace {

using MapKind = BlockOptions::MapKind;
using Norm = LayerSpec::Norm;

// Norm and ReLU before the convolutions of a block (pre-activation, He 2016).
class NormRelu final : public BatchNormed {
 public:
  NormRelu(const std::string& name, std::int64_t channels, Norm norm, DType dtype, const Device& device)
      : BatchNormed(name), batch_(norm == Norm::batch), virtual_(norm == Norm::virtual_batch) {
    const Shape vector = Shape::vector(channels);
    gamma_ = add_parameter(name + ".weight", vector, dtype, device, {});
    beta_ = add_parameter(name + ".bias", vector, dtype, device, {});
    options_.groups = batch_ ? 0 : 1;
    options_.act = Unary::relu;
    if (!batch_) return;
    running_.mean = add_buffer(name + ".running_mean", vector, 0, dtype, device);
    running_.var = add_buffer(name + ".running_var", vector, 1, dtype, device);
  }
  Shape infer_shape(const Shape& x, Cost& cost) const override {
    cost.saved_elements += 2 * x.count();
    return x;
  }
  bool uses_batch_statistics() const override { return batch_; }

 protected:
  Tensor forward(const Tensor& x) override {
    if (virtual_) return relu(virtual_norm(x, gamma_, beta_, options_.eps));
    return normalize(x, gamma_, beta_, options_, batch_ ? &running_ : nullptr, training());
  }

 private:
  bool batch_, virtual_;
  NormOptions options_;
  Tensor gamma_, beta_;
  RunningStats running_;
};

enum class Scale : std::uint8_t { up, down };

struct BlockSpec {
  std::string name;
  std::int64_t in, out;
  Scale scale;
  Norm norm;
  bool spectral = false;
  UpsampleOptions way{"nearest"};
};

// x -> norm ReLU [up] conv 3x3 norm ReLU conv 3x3 [down], added to x -> [up] conv 1x1 [down].
// Upsampling is nearest unless --upsample says bilinear or transpose; transpose merges it with the
// first convolution and keeps nearest in the shortcut. Downsampling is the mean of 2x2. (The
// shortcut averages before its 1x1 convolution and upsamples after it: the same result at a quarter
// of the cost.)
class ResamplingBlock final : public Module {
 public:
  ResamplingBlock(const BlockSpec& b, DType dtype, const Device& device)
      : Module(b.name), up_(b.scale == Scale::up), way_(b.way) {
    // The published critic keeps the input width in the first convolution of a block.
    const std::int64_t middle = up_ ? b.out : b.in;
    before_ = &add_child(std::make_unique<NormRelu>(b.name + ".norm1", b.in, b.norm, dtype, device));
    const auto layer = [&](const char* name, std::int64_t in, std::int64_t out, int kernel) {
      LayerSpec s;
      s.in = in;
      s.out = out;
      s.kernel = kernel;
      s.pad = kernel / 2;
      s.spectral = b.spectral;
      s.name = b.name + "." + name;
      return s;
    };
    LayerSpec first = layer("conv1", b.in, middle, 3);
    first.bias = false;
    first.norm = b.norm;
    first.norm_name = b.name + ".norm2";
    first.act = Unary::relu;
    if (up_) {
      first.stride = 2;
      first.output_padding = 1;
      UpsampleLayers twice = add_upsample_block(first, way_);
      first = twice.layer;
      if (twice.resize) twice_ = &add_child(std::move(twice.resize));
    }
    conv1_ = &add_child(std::make_unique<FusedLayer>(first, dtype, device));
    conv2_ = &add_child(std::make_unique<FusedLayer>(layer("conv2", middle, b.out, 3), dtype, device));
    shortcut_ = &add_child(std::make_unique<FusedLayer>(layer("shortcut", b.in, b.out, 1), dtype, device));
  }

  Shape infer_shape(const Shape& x, Cost& cost) const override {
    Shape s = before_->infer_shape(x, cost);
    const auto scaled = [&](Shape y) {
      y.h = up_ ? 2 * y.h : y.h / 2;
      y.w = up_ ? 2 * y.w : y.w / 2;
      return y;
    };
    if (twice_) s = twice_->infer_shape(s, cost);
    s = conv2_->infer_shape(conv1_->infer_shape(s, cost), cost);
    if (!up_) s = scaled(s);
    shortcut_->infer_shape(scaled(x), cost);
    return s;
  }

 protected:
  Tensor forward(const Tensor& x) override {
    Tensor y = (*before_)(x);
    if (twice_) y = (*twice_)(y);
    y = (*conv2_)((*conv1_)(y));
    if (!up_) return add(avg_pool2d(y, {2, 2}), (*shortcut_)(avg_pool2d(x, {2, 2})));
    const ResizeMode mode = way_.resizes() ? way_.mode() : ResizeMode::nearest;
    return add(y, resize2d((*shortcut_)(x), y.shape().h, y.shape().w, {mode}));
  }

 private:
  bool up_;
  UpsampleOptions way_;
  NormRelu* before_;
  Upsample* twice_ = nullptr;
  FusedLayer *conv1_, *conv2_, *shortcut_;
};

// Blocks between the smallest map and the full image.
constexpr int kLeastBlocks = 2;

LayerSpec dense_layer(const char* name, std::int64_t in, std::int64_t out) {
  LayerSpec s;
  s.map = MapKind::dense;
  s.in = in;
  s.out = out;
  s.name = name;
  return s;
}

LayerSpec image_layer(const char* name, std::int64_t in, std::int64_t out) {
  LayerSpec s;
  s.in = in;
  s.out = out;
  s.kernel = 3;
  s.pad = 1;
  s.name = name;
  return s;
}

}  // namespace

std::unique_ptr<Sequential> resnet_gan_generator(const TrainOptions& o) {
  const BaseSize base = base_size(o, "wgan-gp", kLeastBlocks);
  const int blocks = base.doublings;
  const Norm norm = o.virtual_batch_norm ? Norm::virtual_batch : Norm::batch;
  auto g = std::make_unique<Sequential>();
  const std::int64_t widest = std::int64_t{o.ngf} << std::min(blocks - 1, 3);
  const Shape small{1, base.height, base.width, widest};
  LayerSpec first = dense_layer("input", latent_size(o), small.count());
  first.flat_out = small;
  g->add(first, dtype_of(o), device_of(o));
  g->add(std::make_unique<Reshape>(small));
  std::int64_t width = widest;
  for (int i = 0; i < blocks; ++i) {
    const std::int64_t next = std::min(widest, std::int64_t{o.ngf} << (blocks - 1 - i));
    g->add(std::make_unique<ResamplingBlock>(
        BlockSpec{fmt::format("blocks.{}", i), width, next, Scale::up, norm, false, {o.upsample}},
        dtype_of(o), device_of(o)));
    width = next;
  }
  g->add(std::make_unique<NormRelu>("norm", width, norm, dtype_of(o), device_of(o)));
  LayerSpec last = image_layer("output", width, o.channels);
  last.act = Unary::tanh;
  g->add(last, dtype_of(o), device_of(o));
  return g;
}

std::unique_ptr<Sequential> resnet_gan_critic(const TrainOptions& o) {
  const BaseSize base = base_size(o, "wgan-gp", kLeastBlocks);
  const int blocks = base.doublings;
  auto d = std::make_unique<Sequential>();
  add_layer(*d, image_layer("input", o.channels + condition_channels(o), o.ndf), o);
  std::int64_t width = o.ndf;
  for (int i = 0; i < blocks; ++i) {
    const std::int64_t next = std::int64_t{o.ndf} << std::min(i + 1, 3);
    d->add(std::make_unique<ResamplingBlock>(
        BlockSpec{fmt::format("blocks.{}", i), width, next, Scale::down, Norm::layer, o.spectral_norm},
        dtype_of(o), device_of(o)));
    width = next;
  }
  const Shape small{1, base.height, base.width, width};
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  LayerSpec last = dense_layer("output", small.count(), 1);
  last.flat_in = small;
  add_output_layer(*d, last, o);
  return d;
}

}  // namespace sumi
