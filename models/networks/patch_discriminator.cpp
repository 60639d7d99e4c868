#include <fmt/format.h>

#include <algorithm>

#include "models/networks/translation_networks.h"

namespace sumi {

using Norm = LayerSpec::Norm;

std::unique_ptr<Sequential> patch_discriminator(const TrainOptions& o) {
  auto d = std::make_unique<Sequential>();
  int index = 0;
  const auto add = [&](std::int64_t in, std::int64_t out, int stride, bool norm, bool last) {
    LayerSpec s;
    s.in = in;
    s.out = out;
    s.kernel = 4;
    s.stride = stride;
    s.pad = 1;
    s.norm = norm ? norm_of(o) : Norm::none;
    s.bias = s.norm != Norm::batch;
    s.act = last ? Unary::identity : Unary::leaky_relu;
    s.alpha = last ? 0 : 0.2;
    s.name = fmt::format("model.{}", index);
    s.norm_name = fmt::format("model.{}", index + 1);
    if (last)
      add_output_layer(*d, s, o);
    else
      add_layer(*d, s, o);
    index += norm ? 3 : 2;
  };
  std::int64_t width = o.ndf;
  add(o.channels, width, 2, false, false);
  for (int i = 1; i <= o.n_layers_d; ++i) {
    const std::int64_t next = std::int64_t{o.ndf} << std::min(i, 3);
    add(width, next, i < o.n_layers_d ? 2 : 1, true, false);
    width = next;
  }
  add(width, 1, 1, false, true);
  return d;
}

}  // namespace sumi
