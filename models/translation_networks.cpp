#include "models/translation_networks.h"

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

}  // namespace sumi
