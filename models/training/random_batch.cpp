#include "models/training/random_batch.h"

#include "engine/runtime/device.h"
#include "engine/runtime/staging.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/class_labels.h"

namespace sumi {

std::vector<Tensor> random_batch(const Model& model, const TrainOptions& o) {
  const Device device = parse_device(o.device);
  const std::int64_t n = images_per_step(o);
  const ImageSize size = image_size(o);
  RandomStream stream(o.seed, 0);
  std::vector<Tensor> inputs;
  for (int domain = 0; domain < model.domains(); ++domain)
    inputs.push_back(
        stream.uniform({n, size.height, size.width, example_channels(o)}, dtype_of(o), device, -1, 1));
  if (!wants_labels(o)) return inputs;
  Staging staging(device);
  for (const auto& classes : class_names(o))
    inputs.push_back(
        one_hot(std::vector<std::int32_t>(static_cast<std::size_t>(n), 1), classes.size(), o, staging));
  return inputs;
}

}  // namespace sumi
