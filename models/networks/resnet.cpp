#include <fmt/format.h>

#include <vector>

#include "models/networks/translation_networks.h"
#include "models/networks/upsampling.h"

namespace sumi {
namespace {

using MapKind = BlockOptions::MapKind;
using Norm = LayerSpec::Norm;

PadGeom reflect(int pad) {
  return {PadMode::reflect, pad, pad, pad, pad};
}

// One convolution with its norm; `index` is its position in the list of layers.
LayerSpec resnet_layer(const TrainOptions& o, const std::string& prefix, int index, std::int64_t in,
                       std::int64_t out, int kernel, int stride, int pad) {
  LayerSpec s;
  s.in = in;
  s.out = out;
  s.kernel = kernel;
  s.stride = stride;
  s.pad = pad;
  s.norm = norm_of(o);
  s.bias = norm_of(o) != Norm::batch;  // a batch norm has its own bias
  s.act = Unary::relu;
  s.name = fmt::format("{}.{}", prefix, index);
  s.norm_name = fmt::format("{}.{}", prefix, index + 1);
  return s;
}

// x + f(x) with f = pad 1, conv 3x3, norm, ReLU, [dropout,] pad 1, conv 3x3, norm.
class ResidualBlock final : public Module {
 public:
  ResidualBlock(const TrainOptions& o, const std::string& prefix, std::int64_t width)
      : Module(prefix), dropout_(!o.no_dropout) {
    const std::string list = prefix + ".conv_block";
    LayerSpec first = resnet_layer(o, list, 1, width, width, 3, 1, 0);
    if (!dropout_) first.next_pad = reflect(1);
    layers_.push_back(&add_child(std::make_unique<Pad>(reflect(1))));
    layers_.push_back(&add_child(std::make_unique<FusedLayer>(first, dtype_of(o), device_of(o))));
    if (dropout_) {
      layers_.push_back(&add_child(std::make_unique<Dropout>(0.5)));
      layers_.push_back(&add_child(std::make_unique<Pad>(reflect(1))));
    }
    LayerSpec second = resnet_layer(o, list, dropout_ ? 6 : 5, width, width, 3, 1, 0);
    second.act = Unary::identity;
    second_ = &add_child(std::make_unique<FusedLayer>(second, dtype_of(o), device_of(o)));
  }

  Shape infer_shape(const Shape& x, Cost& cost) const override {
    Shape y = x;
    for (const Module* layer : layers_) y = layer->infer_shape(y, cost);
    return second_->infer_shape(y, cost);
  }

 protected:
  Tensor forward(const Tensor& x) override {
    Tensor y = x;
    for (Module* layer : layers_) y = (*layer)(y);
    return (*second_)(y, x);
  }

 private:
  bool dropout_;
  std::vector<Module*> layers_;
  FusedLayer* second_;
};

}  // namespace

std::unique_ptr<Module> resnet_generator(const TrainOptions& o) {
  auto g = std::make_unique<Sequential>();
  const auto add = [&](const LayerSpec& spec) { g->add(spec, dtype_of(o), device_of(o)); };
  const std::int64_t ngf = o.ngf;
  int index = 1;  // 0 is the first padding
  g->add(std::make_unique<Pad>(reflect(3)));
  add(resnet_layer(o, "model", index, o.channels, ngf, 7, 1, 0));
  index += 3;
  for (const std::int64_t width : {ngf, 2 * ngf}) {
    add(resnet_layer(o, "model", index, width, 2 * width, 3, 2, 1));
    index += 3;
  }
  const int blocks = o.n_blocks > 0 ? o.n_blocks : o.net_g == "resnet_6blocks" ? 6 : 9;
  for (int i = 0; i < blocks; ++i)
    g->add(std::make_unique<ResidualBlock>(o, fmt::format("model.{}", index++), 4 * ngf));
  for (const std::int64_t width : {4 * ngf, 2 * ngf}) {
    LayerSpec up = resnet_layer(o, "model", index, width, width / 2, 3, 2, 1);
    if (width == 2 * ngf) up.next_pad = reflect(3);
    up.output_padding = 1;
    // When resizing, the convolution follows the resize and its padding.
    add_doubling(*g, up, {o.upsample, ".2", true}, o);
    index += 3;
  }
  LayerSpec last = resnet_layer(o, "model", index + 1, ngf, o.channels, 7, 1, 0);
  last.norm = Norm::none;
  last.bias = true;
  last.act = Unary::tanh;
  add(last);
  return g;
}

}  // namespace sumi
