#include "models/registry.h"

#include <fmt/format.h>

namespace sumi {

// One line for each model, in the order of `sumi models`. Each model's file defines
// `extern const ModelSpec NAME_spec`.
#define SUMI_MODELS(MODEL) \
  MODEL(dense_gan)         \
  MODEL(reshape_gan)       \
  MODEL(conv5_gan)         \
  MODEL(gan_autoencoder)   \
  MODEL(dcgan)             \
  MODEL(wgan)              \
  MODEL(wgan_gp)           \
  MODEL(r3gan)             \
  MODEL(infogan)           \
  MODEL(vae)               \
  MODEL(cyclegan)          \
  MODEL(animegan)          \
  MODEL(cartoongan)        \
  MODEL(pix2pix)           \
  MODEL(photo_converter)   \
  MODEL(classifier)        \
  MODEL(stylizer)          \
  MODEL(animator)

#define SUMI_DECLARE(name) extern const ModelSpec name##_spec;
SUMI_MODELS(SUMI_DECLARE)

const std::vector<const ModelSpec*>& model_specs() {
#define SUMI_ADDRESS(name) &name##_spec,
  static const std::vector<const ModelSpec*> specs{SUMI_MODELS(SUMI_ADDRESS)};
  return specs;
}

const ModelSpec& model_spec(const std::string& name) {
  std::string known;
  for (const ModelSpec* spec : model_specs()) {
    if (name == spec->name) return *spec;
    known += std::string(known.empty() ? "" : ", ") + spec->name;
  }
  for (const ModelSpec* spec : model_specs())
    for (const FormerName& former : spec->former_names)
      if (name == former.name && *former.option == 0) return *spec;
  fail("model", fmt::format("unknown model '{}'; use one of: {}", name.substr(0, 60), known));
}

void resolve_options(TrainOptions& options) {
  if (const ModelSpec& spec = model_spec(options.model); spec.settle) spec.settle(options);
}

bool wants_labels(const TrainOptions& options) {
  const ModelSpec& spec = model_spec(options.model);
  return spec.requirements.labeled && spec.requirements.labeled(options);
}

int domains_of(const TrainOptions& options) {
  return model_spec(options.model).requirements.domains;
}

}  // namespace sumi
