#include "models/anime_generator.h"

#include <string>
#include <vector>

namespace sumi {
namespace {

struct Place {
  DType dtype;
  Device device;
};

// The border that a convolution of this size needs: a stride of 2 takes one row below and one column to the right.
PadGeom border(int kernel, int stride) {
  const int before = stride == 2 ? 0 : kernel / 2, after = stride == 2 ? 1 : kernel / 2;
  return {PadMode::reflect, before, after, before, after};
}

// Convolution, layer norm, leaky ReLU. `name`.1 is the convolution and `name`.2 the norm; .0 is the padding.
LayerSpec layer(const std::string& name, std::int64_t in, std::int64_t out, int kernel, int stride = 1) {
  LayerSpec s;
  s.in = in;
  s.out = out;
  s.kernel = kernel;
  s.stride = stride;
  s.bias = false;
  s.norm = LayerSpec::Norm::layer;
  s.act = Unary::leaky_relu;
  s.alpha = 0.2;
  s.name = name + ".1";
  s.norm_name = name + ".2";
  return s;
}

// Adds the layers, each padding its result for the next in the same pass over it. What comes before them pads their input:
// an upsampling, or a layer of padding alone.
enum class Before : std::uint8_t { nothing, upsample };
void add_chain(Sequential& to, std::vector<LayerSpec> layers, const Place& place,
               Before before = Before::nothing) {
  const auto wanted = [](const LayerSpec& s) { return border(s.kernel, s.stride); };
  const PadGeom first = wanted(layers.front());
  if (before == Before::upsample)
    to.add(std::make_unique<Upsample>(ResizeMode::bilinear, first));
  else if (first.any())
    to.add(std::make_unique<Pad>(first));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i + 1 < layers.size()) layers[i].next_pad = wanted(layers[i + 1]);
    to.add(layers[i], place.dtype, place.device);
  }
}

// Sandler 2018's block with layer norms.
class InvertedResidual final : public Module {
 public:
  InvertedResidual(const std::string& name, std::int64_t in, std::int64_t out, const Place& place)
      : Module(name), keeps_(in == out) {
    const std::string list = name + ".layers";
    LayerSpec depthwise = layer(list + ".1", 2 * in, 2 * in, 3);
    depthwise.groups = static_cast<int>(2 * in);
    depthwise.bias = true;
    auto inner = std::make_unique<Sequential>(list);
    add_chain(*inner, {layer(list + ".0", in, 2 * in, 1), depthwise}, place);
    inner_ = &add_child(std::move(inner));
    LayerSpec last = layer(list, 2 * in, out, 1);
    last.act = Unary::identity;
    last.name = list + ".2";
    last.norm_name = list + ".3";
    last_ = &add_child(std::make_unique<Layer>(last, place.dtype, place.device));
  }

  Shape plan(const Shape& x, Cost& cost) const override { return last_->plan(inner_->plan(x, cost), cost); }

 protected:
  Tensor forward(const Tensor& x) override {
    const Tensor y = (*inner_)(x);
    return keeps_ ? (*last_)(y, x) : (*last_)(y);
  }

 private:
  bool keeps_;
  Sequential* inner_;
  Layer* last_;
};

}  // namespace

std::unique_ptr<Module> anime_generator(DType dtype, const Device& device) {
  const Place place{dtype, device};
  auto g = std::make_unique<Sequential>("g");
  add_chain(
      *g,
      {layer("block_a.0", 3, 32, 7), layer("block_a.1", 32, 64, 3, 2), layer("block_a.2", 64, 64, 3),
       layer("block_b.0", 64, 128, 3, 2), layer("block_b.1", 128, 128, 3), layer("block_c.0", 128, 128, 3)},
      place);
  for (int i = 1; i <= 4; ++i)
    g->add(
        std::make_unique<InvertedResidual>("block_c." + std::to_string(i), i == 1 ? 128 : 256, 256, place));
  add_chain(*g, {layer("block_c.5", 256, 128, 3)}, place);
  add_chain(*g, {layer("block_d.0", 128, 128, 3), layer("block_d.1", 128, 128, 3)}, place, Before::upsample);
  LayerSpec out = layer("out_layer", 32, 3, 1);
  out.norm = LayerSpec::Norm::none;
  out.act = Unary::tanh;
  out.name = "out_layer.0";
  add_chain(
      *g, {layer("block_e.0", 128, 64, 3), layer("block_e.1", 64, 64, 3), layer("block_e.2", 64, 32, 7), out},
      place, Before::upsample);
  return g;
}

}  // namespace sumi
