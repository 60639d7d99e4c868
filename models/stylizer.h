// The stylizer: one small network that turns photographs into comics, in several styles and mixtures of them. It learns from
// teachers, filters that are too slow or too fragile to be used themselves (distillation).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/model.h"
#include "models/networks/comic_network.h"
#include "models/training/trainable_networks.h"

namespace sumi {

class Stylizer final : public Model {
 public:
  explicit Stylizer(const TrainOptions& options);

  std::vector<Network> networks() override;
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const override { return last_; }
  // Rows: the photographs, then for each style what its teacher and the network make of them.
  SampleGrid samples() override;
  int num_sample_images() const override { return 6; }
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override {
    shown_ = pictures.at(0);
  }
  std::vector<std::string> directions() const override { return {"AtoB"}; }
  Translator translator(const std::string& direction) const override;
  // In the first style, without what is composed around the network (models/comic_picture.h).
  Tensor translate(const Tensor& pictures, const std::string& direction, bool raw) override;

  const std::vector<std::string>& styles() const { return styles_; }
  // [n,h,w,7] (ComicNetwork) of photographs [n,h,w,3] in [0,1]; weights as style_mixture() makes them. With the running
  // average where there is one, unless `raw`.
  Tensor coefficients(const Tensor& photos, const std::vector<double>& weights, bool raw);

 protected:
  std::string phase(double epoch) override;
  std::vector<Stat> run_step(const std::vector<Tensor>& real) override;

 private:
  // One batch to learn from. All in [0,1]; of each sample the planes of one style, which is drawn anew.
  struct Examples {
    Tensor photo;  // [n,h,w,3], as the teachers saw it
    Tensor input;  // the same with noise and another exposure
    ComicLayers teacher;
    Tensor mixture;       // [n,1,1,styles], one-hot
    Tensor ink, opacity;  // [n,1,1,3], [n,1,1,1]
  };
  Examples draw_examples(const Tensor& batch);
  Tensor one_hot_styles(std::int64_t count);
  Tensor degraded(const Tensor& photo);
  // The four terms, weighted.
  std::vector<Tensor> losses(const Examples& examples);
  Tensor rows_of(const Tensor& mixture, const Tensor& table) const;

  TrainOptions options_;
  std::vector<std::string> styles_;
  RandomStream stream_;
  std::unique_ptr<ComicNetwork> network_;
  std::unique_ptr<TrainableNetworks> trained_;
  Tensor ink_, opacity_;  // [styles,1,1,3], [styles,1,1,1]
  std::vector<Tensor> shown_;
  std::vector<std::pair<std::string, Tensor>> last_;
};

// The stylizer that `model` is, or null.
Stylizer* as_stylizer(Model& model);

}  // namespace sumi
