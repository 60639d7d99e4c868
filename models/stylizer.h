// The stylizer: one small network that turns photographs into comics, in several styles and mixtures of them. It learns from
// teachers, filters that are too slow or too fragile to be used themselves (distillation).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/model.h"
#include "models/networks/comic_network.h"

namespace sumi {

class Stylizer final : public Model {
 public:
  explicit Stylizer(const TrainOptions& options);

  // Rows: the photographs, then for each style what its teacher and the network make of them.
  SampleGrid samples() override;
  int num_sample_images() const override { return 6; }
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override {
    shown_ = pictures.at(0);
  }
  std::vector<std::string> directions() const override { return {"AtoB"}; }
  Translator translator(const std::string& direction) const override;
  // In the first style, without what is composed around the network (models/inference/comic_picture.h).
  Tensor translate(const Tensor& pictures, const std::string& direction, bool raw) override;

  const std::vector<std::string>& styles() const { return styles_; }
  bool grow_from(const CheckpointFile& file) override;
  // [n,h,w,7] (ComicNetwork) of photographs [n,h,w,3] in [0,1]; weights as style_mixture() makes them. With the running
  // average where there is one, unless `raw`.
  Tensor coefficients(const Tensor& photos, const std::vector<double>& weights, bool raw);

 protected:
  void train_step(Step& step) override;
  // The rate rises over the first steps and falls by half a cosine.
  void begin_step(const Step::Kind& kind) override;

 private:
  // One batch to learn from. All in [0,1]; of each sample the planes of one style, which is drawn anew.
  struct Examples {
    Tensor input;  // [n,h,w,3]: the photograph with noise and another exposure than its teachers saw
    ComicLayers teacher;
    Tensor mixture;       // [n,1,1,styles], one-hot
    Tensor ink, opacity;  // [n,1,1,3], [n,1,1,1]
  };
  Examples draw_examples(const Tensor& batch);
  Tensor one_hot_styles(std::int64_t count);
  Tensor degraded(const Tensor& photo);

  std::vector<std::string> styles_;
  std::int64_t first_, learned_;  // of the styles: those that have planes
  ComicNetwork& network_;
  RandomStream& stream_;
  TrainableNetworks* trained_ = nullptr;
  Tensor ink_, opacity_;  // [styles,1,1,3], [styles,1,1,1]
  std::vector<Tensor> shown_;
};

// The stylizer that `model` is, or null.
Stylizer* as_stylizer(Model& model);

}  // namespace sumi
