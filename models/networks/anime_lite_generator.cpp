#include <string>

#include "models/networks/anime_layers.h"
#include "models/networks/anime_networks.h"

namespace sumi {
using namespace anime;

namespace {

// x + f(x) with f = layer 1x1, layer 3x3, conv 1x1.
class Bottleneck final : public Module {
 public:
  Bottleneck(const std::string& name, std::int64_t width, const Place& place) : Module(name) {
    auto inner = std::make_unique<Sequential>(name);
    add_chain(
        *inner,
        {anime_layer(name + ".0", width, width / 4, 1), anime_layer(name + ".1", width / 4, width / 4, 3)},
        place);
    inner_ = &add_child(std::move(inner));
    LayerSpec last = anime_layer(name, width / 4, width, 1);
    last.norm = LayerSpec::Norm::none;
    last.act = Unary::identity;
    last.name = name + ".2";
    last_ = &add_child(std::make_unique<FusedLayer>(last, place.dtype, place.device));
  }
  Shape infer_shape(const Shape& x, Cost& cost) const override {
    return last_->infer_shape(inner_->infer_shape(x, cost), cost);
  }

 protected:
  Tensor forward(const Tensor& x) override { return (*last_)((*inner_)(x), x); }

 private:
  Sequential* inner_;
  FusedLayer* last_;
};

// One level of the U-Net: downsample, inner levels, upsample, add the skip connection, output
// layers.
class Level final : public Module {
 public:
  Level(const std::string& name, std::vector<LayerSpec> down, std::unique_ptr<Module> inside, LayerSpec up,
        std::vector<LayerSpec> behind, const Place& place)
      : Module(name) {
    auto first = std::make_unique<Sequential>(name);
    add_chain(*first, std::move(down), place);
    down_ = &add_child(std::move(first));
    inside_ = &add_child(std::move(inside));
    twice_ = &add_child(std::make_unique<Upsample>(ResizeMode::bilinear, border(up.kernel, up.stride)));
    up_ = &add_child(std::make_unique<FusedLayer>(up, place.dtype, place.device));
    auto last = std::make_unique<Sequential>(name);
    add_chain(*last, std::move(behind), place);
    behind_ = &add_child(std::move(last));
  }
  Shape infer_shape(const Shape& x, Cost& cost) const override {
    const Shape y = inside_->infer_shape(down_->infer_shape(x, cost), cost);
    return behind_->infer_shape(up_->infer_shape(twice_->infer_shape(y, cost), cost), cost);
  }

 protected:
  Tensor forward(const Tensor& x) override {
    const Tensor y = (*inside_)((*down_)(x));
    return (*behind_)((*up_)((*twice_)(y), x));
  }

 private:
  Sequential *down_, *behind_;
  Module* inside_;
  Upsample* twice_;
  FusedLayer* up_;
};

}  // namespace

std::unique_ptr<Module> anime_lite_generator(const TrainOptions& o) {
  const Place place{dtype_of(o), device_of(o)};
  const std::int64_t width = o.ngf, half = width / 2, twice = 2 * width;
  auto blocks = std::make_unique<Sequential>("blocks");
  for (int i = 0; i < 4; ++i)
    blocks->add(std::make_unique<Bottleneck>("blocks." + std::to_string(i), twice, place));
  auto inner = std::make_unique<Level>("level_3",
                                       std::vector{anime_layer("level_3.down.0", twice, width, 3, 2),
                                                   anime_layer("level_3.down.1", width, twice, 3)},
                                       std::move(blocks), anime_layer("level_3.up", twice, twice, 3),
                                       std::vector{anime_layer("level_3.behind", twice, width, 3)}, place);
  auto middle = std::make_unique<Level>("level_2",
                                        std::vector{anime_layer("level_2.down.0", width, width, 3, 2),
                                                    anime_layer("level_2.down.1", width, twice, 3)},
                                        std::move(inner), anime_layer("level_2.up", width, width, 3),
                                        std::vector{anime_layer("level_2.behind", width, half, 3)}, place);
  auto g = std::make_unique<Sequential>();
  add_chain(*g, {anime_layer("stem", 3, half, 7)}, place);
  g->add(std::make_unique<Level>(
      "level_1",
      std::vector{anime_layer("level_1.down.0", half, half, 3, 2),
                  anime_layer("level_1.down.1", half, width, 3)},
      std::move(middle), anime_layer("level_1.up", half, half, 3),
      std::vector{anime_layer("level_1.behind", half, half, 7), drawing_layer("out_layer.0", half)}, place));
  return g;
}

}  // namespace sumi
