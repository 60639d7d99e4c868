#include "models/networks/noise_networks.h"

#include "models/training/class_labels.h"

namespace sumi {

int condition_channels(const TrainOptions& o) {
  return o.conditional ? static_cast<int>(class_names(o).at(0).size()) : 0;
}

std::int64_t latent_size(const TrainOptions& o, const InfoCodes& codes) {
  return std::int64_t{o.nz} + codes.width() + condition_channels(o);
}

}  // namespace sumi
