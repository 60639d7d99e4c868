#include "models/networks/translation_networks.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/device.h"

namespace sumi {
namespace {

// 0 for a resnet.
int unet_downs(const std::string& net_g) {
  return net_g == "unet_128" ? 7 : net_g == "unet_256" ? 8 : 0;
}

}  // namespace

LayerSpec::Norm norm_of(const TrainOptions& o) {
  if (o.norm == "none") return LayerSpec::Norm::none;
  return o.norm == "batch"             ? LayerSpec::Norm::batch
         : o.norm == "instance-affine" ? LayerSpec::Norm::instance_affine
                                       : LayerSpec::Norm::instance;
}

std::unique_ptr<Module> translation_generator(const TrainOptions& o) {
  const int downs = unet_downs(o.net_g);
  return downs > 0 ? unet_generator(o, downs) : resnet_generator(o);
}

SideRule side_rule(const TrainOptions& o) {
  if (const int downs = unet_downs(o.net_g)) return {1 << downs, 1 << downs};
  return {4, 8};  // the padding reflects 1 pixel at a quarter of the side
}

void check_crop_size(const TrainOptions& o, const SideRule& rule, const std::string& name) {
  const int fitting = std::max(rule.smallest, o.crop_size / rule.multiple * rule.multiple);
  if (o.crop_size != fitting)
    fail("--crop-size", fmt::format("{} is not possible for {}; use a multiple of {} from {} on, such as {}",
                                    o.crop_size, name, rule.multiple, rule.smallest, fitting));
}

}  // namespace sumi
