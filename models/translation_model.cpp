#include "models/translation_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/registry.h"

namespace sumi {

int TranslationModel::domains() const {
  return model_spec(options().model).requirements.sets();
}

std::vector<std::string> TranslationModel::directions() const {
  std::vector<std::string> names;
  for (const Direction& d : directions_) names.push_back(d.name);
  return names;
}

const TranslationModel::Direction& TranslationModel::direction(const std::string& name) const {
  for (const Direction& d : directions_)
    if (d.name == name) return d;
  fail("--direction", fmt::format("unknown '{}'; use {}", name, fmt::join(directions(), " or ")));
}

Model::Translator TranslationModel::translator(const std::string& name) const {
  const Direction& d = direction(name);
  return {d.network, &network(d.network), sides_.multiple, sides_.smallest};
}

Tensor TranslationModel::translate(const Tensor& images, const std::string& name, bool raw) {
  return infer(direction(name).network, images, raw);
}

SampleGrid TranslationModel::samples() {
  if (sample_images_.empty()) return {};
  SampleGrid sheet{sample_images_[0], static_cast<int>(sample_images_[0].size())};
  for (const Tensor& image : sample_images_[0])
    sheet.pictures.push_back(translate(image, directions_[0].name, false));
  for (std::size_t domain = 1; domain < sample_images_.size(); ++domain)
    sheet.pictures.insert(sheet.pictures.end(), sample_images_[domain].begin(), sample_images_[domain].end());
  return sheet;
}

}  // namespace sumi
