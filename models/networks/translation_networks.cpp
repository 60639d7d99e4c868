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

std::unique_ptr<Module> translation_generator(const TranslationNetOptions& o) {
  if (const int downs = unet_downs(o.net_g)) return unet_generator(o, downs);
  TranslationNetOptions resnet = o;
  if (o.n_blocks == 0) resnet.n_blocks = o.net_g == "resnet_6blocks" ? 6 : 9;
  return resnet_generator(resnet);
}

SideRule side_rule(const TranslationNetOptions& o) {
  if (const int downs = unet_downs(o.net_g)) return {1 << downs, 1 << downs};
  return {4, 8};  // a quarter of the side is reflected by 1
}

TranslationNetOptions translation_net_options(const TrainOptions& o) {
  TranslationNetOptions net;
  net.net_g = o.net_g;
  net.n_blocks = o.n_blocks;
  net.ngf = o.ngf;
  net.ndf = o.ndf;
  net.n_layers_d = o.n_layers_d;
  net.channels = o.channels;
  net.norm = o.norm == "batch" ? LayerSpec::Norm::batch : LayerSpec::Norm::instance;
  net.upsample = o.upsample;
  net.dropout = !o.no_dropout;
  net.dtype = dtype_of(o);
  net.device = parse_device(o.device);
  net.d = discriminator_options(o);
  return net;
}

void check_crop_size(const TrainOptions& o, const SideRule& rule, const std::string& name) {
  const int fitting = std::max(rule.smallest, o.crop_size / rule.multiple * rule.multiple);
  if (o.crop_size != fitting)
    fail("--crop-size", fmt::format("{} is not possible for {}; use a multiple of {} from {} on, such as {}",
                                    o.crop_size, name, rule.multiple, rule.smallest, fitting));
}

}  // namespace sumi
