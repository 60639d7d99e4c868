#include <fmt/format.h>

#include <algorithm>

#include "models/networks/translation_networks.h"
#include "models/networks/upsampling.h"

namespace sumi {
namespace {

using MapKind = BlockOptions::MapKind;
using Norm = LayerSpec::Norm;

LayerSpec unet_layer(const TrainOptions& o, MapKind map, std::int64_t in, std::int64_t out) {
  LayerSpec s;
  s.map = map;
  s.in = in;
  s.out = out;
  s.kernel = 4;
  s.stride = 2;
  s.pad = 1;
  s.norm = norm_of(o);
  s.bias = norm_of(o) != Norm::batch;
  return s;
}

// One level: downsample by 2, inner level, upsample by 2 (by --upsample). The level's own input is
// the outer level's output after LeakyReLU; the outer level concatenates it with this level's
// result. Because ReLU(LeakyReLU(x)) = ReLU(x), the concatenation needs only the tensor after
// LeakyReLU.
class UnetLevel final : public Module {
 public:
  // `prefix` names the list of this level's layers: "model.model". `inner` is null for the
  // innermost.
  UnetLevel(const TrainOptions& o, const std::string& prefix, std::int64_t outside, std::int64_t inside,
            std::int64_t result, bool dropout, std::unique_ptr<UnetLevel> inner, bool outermost)
      : Module("") {
    // Positions in the list: [LeakyReLU,] conv [, norm] [, inner], ReLU, transposed conv [, norm].
    const int conv = outermost ? 0 : 1;
    const bool down_norm = !outermost && inner;
    const int up_conv = conv + (down_norm ? 2 : 1) + (inner ? 1 : 0) + 1;
    LayerSpec down = unet_layer(o, MapKind::conv, outside, inside);
    if (!down_norm) down.norm = Norm::none;
    down.act = inner ? Unary::leaky_relu : Unary::relu;
    down.alpha = inner ? 0.2 : 0;
    down.name = fmt::format("{}.{}", prefix, conv);
    down.norm_name = fmt::format("{}.{}", prefix, conv + 1);
    LayerSpec up = unet_layer(o, MapKind::conv_transpose, inner ? 2 * inside : inside, result);
    up.act = outermost ? Unary::tanh : Unary::relu;  // the ReLU before the next transposed conv
    if (outermost) {
      up.norm = Norm::none;
      up.bias = true;
    }
    up.name = fmt::format("{}.{}", prefix, up_conv);
    up.norm_name = fmt::format("{}.{}", prefix, up_conv + 1);
    // When resizing, the convolution follows the resize.
    UpsampleLayers twice = add_upsample_block(up, {o.upsample, ".1"});
    down_ = &add_child(std::make_unique<FusedLayer>(down, dtype_of(o), device_of(o)));
    if (inner) inner_ = &add_child(std::move(inner));
    if (twice.resize) twice_ = &add_child(std::move(twice.resize));
    up_ = &add_child(std::make_unique<FusedLayer>(twice.layer, dtype_of(o), device_of(o)));
    if (dropout) dropout_ = &add_child(std::make_unique<Dropout>(0.5));
  }

  Shape infer_shape(const Shape& x, Cost& cost) const override {
    Shape y = down_->infer_shape(x, cost);
    if (inner_) {
      const Shape result = inner_->infer_shape(y, cost);
      if (result.h != y.h || result.w != y.w)
        fail("unet", fmt::format("{} cannot be halved and doubled again; use sides that are multiples of 128 "
                                 "(unet_128) or 256 (unet_256)",
                                 x.str()));
      y.c += result.c;
      cost.saved_elements += 2 * y.count();
    }
    if (twice_) y = twice_->infer_shape(y, cost);
    y = up_->infer_shape(y, cost);
    return dropout_ ? dropout_->infer_shape(y, cost) : y;
  }

 protected:
  Tensor forward(const Tensor& x) override {
    Tensor y = (*down_)(x);
    if (inner_) y = concat({relu(y), (*inner_)(y)}, 3);
    if (twice_) y = (*twice_)(y);
    y = (*up_)(y);
    return dropout_ ? (*dropout_)(y) : y;
  }

 private:
  FusedLayer *down_, *up_;
  UnetLevel* inner_ = nullptr;
  Upsample* twice_ = nullptr;
  Dropout* dropout_ = nullptr;
};

}  // namespace

std::unique_ptr<Module> unet_generator(const TrainOptions& o, int downs) {
  // Widths ngf, 2 ngf, 4 ngf, then 8 ngf to the innermost.
  const auto width = [&](int level) { return std::int64_t{o.ngf} << std::min(level, 3); };
  std::string prefix = "model.model";
  std::vector<std::string> prefixes;
  for (int level = 0; level < downs; ++level) {
    prefixes.push_back(prefix);
    prefix += fmt::format(".{}.model", level == 0 ? 1 : 3);
  }
  std::unique_ptr<UnetLevel> inner;
  for (int level = downs - 1; level >= 0; --level) {
    const bool outermost = level == 0, innermost = level == downs - 1;
    const std::int64_t outside = outermost ? o.channels : width(level - 1);
    const bool dropout = !o.no_dropout && !innermost && level >= 4;
    inner = std::make_unique<UnetLevel>(o, prefixes[static_cast<std::size_t>(level)], outside, width(level),
                                        outside, dropout, std::move(inner), outermost);
  }
  return inner;
}

}  // namespace sumi
