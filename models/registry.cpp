#include "models/registry.h"

#include <fmt/format.h>

#include "models/settings.h"

namespace sumi {

const std::vector<const ModelSpec*>& model_specs() {
  static const std::vector<const ModelSpec*> specs{
      &dense_gan_spec,       &reshape_gan_spec,     &conv5_gan_spec,
      &gan_autoencoder_spec, &dcgan_spec,           &wgan_spec,
      &wgan_gp_spec,         &infogan_spec,         &vae_spec,
      &cyclegan_spec,        &animegan_spec,        &cartoongan_spec,
      &pix2pix_spec,         &photo_converter_spec, &classifier_spec,
      &stylizer_spec};
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
  return spec.labeled && spec.labeled(options);
}

int domains_of(const TrainOptions& options) {
  return model_spec(options.model).domains;
}

bool takes_crops(const TrainOptions& options) {
  return option_table(options.model).has_group<CropOptions>() || model_spec(options.model).packed;
}

bool pictures_have_one_size(const TrainOptions& o) {
  return !takes_crops(o) || (o.preprocess != "none" && o.preprocess != "scale_width");
}

int example_channels(const TrainOptions& options) {
  const ModelSpec& spec = model_spec(options.model);
  return spec.packed ? spec.packed->channels(options) : options.channels;
}

int picture_side(const TrainOptions& options) {
  return takes_crops(options) ? options.crop_size : options.size;
}

}  // namespace sumi
