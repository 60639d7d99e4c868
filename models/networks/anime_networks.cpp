#include "models/networks/anime_networks.h"
#include "models/anime_options.h"

#include <string>

#include "models/networks/anime_generator.h"

namespace sumi {

std::unique_ptr<Module> anime_translator(const TrainOptions& o) {
  if (o.net_g == "cartoongan") return cartoon_generator(o);
  if (o.net_g == "animegan2_lite") return anime_lite_generator(o);
  return anime_generator(dtype_of(o), device_of(o), o.ngf);
}

SideRule anime_side_rule(const TrainOptions& o) {
  if (o.net_g == "cartoongan") return {4, 8};
  if (o.net_g == "animegan2_lite") return {8, 16};
  return {4, 8};
}

std::unique_ptr<Sequential> anime_discriminator(const TrainOptions& o) {
  using Norm = LayerSpec::Norm;
  const bool anime = o.group<AnimeOptions>().net_d == "animegan2";
  auto d = std::make_unique<Sequential>();
  int index = 0;  // in the list of convolutions, norms and activations
  const auto add = [&](std::int64_t in, std::int64_t out, int stride, bool norm, bool last = false) {
    LayerSpec s;
    s.in = in;
    s.out = out;
    s.kernel = 3;
    s.stride = stride;
    s.pad = 1;
    s.bias = !anime;
    s.norm = !norm ? Norm::none : anime ? Norm::layer : Norm::instance;
    s.act = last ? Unary::identity : Unary::leaky_relu;
    s.alpha = last ? 0 : 0.2;
    s.name = "convs." + std::to_string(index);
    s.norm_name = "convs." + std::to_string(index + 1);
    if (last)
      add_output_layer(*d, s, o);
    else
      add_layer(*d, s, o);
    index += norm ? 3 : 2;
  };
  const std::int64_t width = o.ndf;
  add(3, width / 2, 1, false);
  add(width / 2, width, 2, false);
  add(width, 2 * width, 1, true);
  add(2 * width, 2 * width, 2, false);
  add(2 * width, 4 * width, 1, true);
  add(4 * width, 4 * width, 1, true);
  add(4 * width, 1, 1, false, true);
  return d;
}

}  // namespace sumi
