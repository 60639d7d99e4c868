#include "models/networks/anime_generator.h"

#include <string>

#include "models/networks/anime_layers.h"

namespace sumi {
using namespace anime;

namespace {

// Sandler 2018's block with layer norms.
class InvertedResidual final : public Module {
 public:
  InvertedResidual(const std::string& name, std::int64_t in, std::int64_t out, const Place& place)
      : Module(name), keeps_(in == out) {
    const std::string list = name + ".layers";
    LayerSpec depthwise = anime_layer(list + ".1", 2 * in, 2 * in, 3);
    depthwise.groups = static_cast<int>(2 * in);
    depthwise.bias = true;
    auto inner = std::make_unique<Sequential>(list);
    add_chain(*inner, {anime_layer(list + ".0", in, 2 * in, 1), depthwise}, place);
    inner_ = &add_child(std::move(inner));
    LayerSpec last = anime_layer(list, 2 * in, out, 1);
    last.act = Unary::identity;
    last.name = list + ".2";
    last.norm_name = list + ".3";
    last_ = &add_child(std::make_unique<FusedLayer>(last, place.dtype, place.device));
  }

  Shape infer_shape(const Shape& x, Cost& cost) const override {
    return last_->infer_shape(inner_->infer_shape(x, cost), cost);
  }

 protected:
  Tensor forward(const Tensor& x) override {
    const Tensor y = (*inner_)(x);
    return keeps_ ? (*last_)(y, x) : (*last_)(y);
  }

 private:
  bool keeps_;
  Sequential* inner_;
  FusedLayer* last_;
};

}  // namespace

std::unique_ptr<Module> anime_generator(DType dtype, const Device& device, std::int64_t width) {
  const Place place{dtype, device};
  const std::int64_t half = width / 2, twice = 2 * width, most = 4 * width;
  auto g = std::make_unique<Sequential>();
  add_chain(*g,
            {anime_layer("block_a.0", 3, half, 7), anime_layer("block_a.1", half, width, 3, 2),
             anime_layer("block_a.2", width, width, 3), anime_layer("block_b.0", width, twice, 3, 2),
             anime_layer("block_b.1", twice, twice, 3), anime_layer("block_c.0", twice, twice, 3)},
            place);
  for (int i = 1; i <= 4; ++i)
    g->add(std::make_unique<InvertedResidual>("block_c." + std::to_string(i), i == 1 ? twice : most, most,
                                              place));
  add_chain(*g, {anime_layer("block_c.5", most, twice, 3)}, place);
  add_chain(*g, {anime_layer("block_d.0", twice, twice, 3), anime_layer("block_d.1", twice, twice, 3)}, place,
            Before::upsample);
  add_chain(*g,
            {anime_layer("block_e.0", twice, width, 3), anime_layer("block_e.1", width, width, 3),
             anime_layer("block_e.2", width, half, 7), drawing_layer("out_layer.0", half)},
            place, Before::upsample);
  return g;
}

}  // namespace sumi
