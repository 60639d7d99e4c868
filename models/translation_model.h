// Models that translate images from one domain to another.
#pragma once

#include <string>
#include <vector>

#include "models/model.h"
#include "models/networks/translation_networks.h"

namespace sumi {

class TranslationModel : public Model {
 public:
  int domains() const override;
  // Rows of photographs, their translations and, if available, images of the other domain.
  SampleGrid samples() override;
  int num_sample_images() const override { return 6; }
  void set_sample_images(const std::vector<std::vector<Tensor>>& images) override { sample_images_ = images; }
  std::vector<std::string> directions() const override;
  Translator translator(const std::string& direction) const override;
  Tensor translate(const Tensor& images, const std::string& direction, bool raw) override;

 protected:
  struct Direction {
    std::string name;     // "AtoB"
    std::string network;  // "g_ab"
  };
  TranslationModel(const TrainOptions& options, std::vector<Direction> directions, const SideRule& sides)
      : Model(options), directions_(std::move(directions)), sides_(sides) {}

  const std::vector<std::vector<Tensor>>& sample_images() const { return sample_images_; }

 private:
  const Direction& direction(const std::string& name) const;

  std::vector<Direction> directions_;
  SideRule sides_;
  std::vector<std::vector<Tensor>> sample_images_;  // [domain][i]
};

}  // namespace sumi
