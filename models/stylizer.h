// The stylizer: one small network that turns photographs into comics, in several styles and
// mixtures of them. It is distilled from teachers, filters that are too slow or too fragile to be
// used directly.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/ops.h"
#include "models/model.h"
#include "models/networks/comic_network.h"
#include "models/training/comic_examples.h"

namespace sumi {

class Stylizer : public Model {
 public:
  explicit Stylizer(const TrainOptions& options);

  // Rows: the photographs, then for each style the teacher's and the network's results.
  SampleGrid samples() override;
  int num_sample_images() const override { return 6; }
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override {
    shown_ = pictures.at(0);
  }
  std::vector<std::string> directions() const override { return {"AtoB"}; }
  Translator translator(const std::string& direction) const override;
  // Images in the first style, without the composition around the network
  // (models/inference/comic_picture.h).
  Tensor translate(const Tensor& pictures, const std::string& direction, bool raw) override;

  const std::vector<std::string>& styles() const { return styles_; }
  bool grow_from(const CheckpointFile& file) override;
  // That draw lines (ComicNetwork), 1 without sumi train animator.
  int hands() const { return options().hands; }
  // Coefficients [n,h,w,7] (ComicNetwork) for photographs [n,h,w,3] in [0,1]; with_hands: behind
  // them the lines' logits of the hands() - 1 further hands. `weights`: style_mixture(). Uses
  // the EMA of the weights if the model keeps one, unless `raw`.
  Tensor coefficients(const Tensor& photos, const std::vector<double>& weights, bool raw,
                      bool with_hands = false);

 protected:
  void train_step(Step& step) override;
  // The learning rate warms up linearly and then follows half a cosine down.
  void begin_step(const Step::Kind& kind) override;

  ComicNetwork& comic() const { return network_; }
  TrainableNetworks& trained() const { return *trained_; }
  RandomStream& examples() const { return stream_; }
  // Of a style: [1,1,1,3], [1,1,1,1].
  Tensor ink(std::int64_t style) const { return slice(ink_, {style, 0, 0, 0}, {1, 1, 1, 3}); }
  Tensor opacity(std::int64_t style) const { return slice(opacity_, {style, 0, 0, 0}, {1, 1, 1, 1}); }
  const std::vector<Tensor>& shown() const { return shown_; }

 private:
  // One training batch, all values in [0,1]. Each sample has the planes of one randomly chosen
  // style.
  struct Examples {
    Tensor input;  // [n,h,w,3]: the photograph with added noise and a changed exposure
    ComicLayers teacher;
    Tensor mixture;       // [n,1,1,styles], one-hot
    Tensor ink, opacity;  // [n,1,1,3], [n,1,1,1]
  };
  Examples draw_examples(const Tensor& batch);
  // The examples of a micro-batch, drawn once and kept under its names.
  Examples examples_of(MicroBatch& batch);
  // The network's line layer, strokes from drawings, and the same strokes with soft edges.
  DiscriminatorInputs judged_lines(MicroBatch& batch);
  Tensor made_coefficients(MicroBatch& batch);

  std::vector<std::string> styles_;
  std::int64_t first_, learned_;  // of the styles: those that have planes
  ComicNetwork& network_;
  RandomStream& stream_;
  TrainableNetworks* trained_ = nullptr;
  DiscriminatorTrainer* judge_ = nullptr;  // of lines; null without --drawings
  Tensor soft_;                            // [1,5,5,1]: a blur
  Tensor ink_, opacity_;                   // [styles,1,1,3], [styles,1,1,1]
  StyleChoice choice_;                     // of the learned styles
  std::vector<Tensor> shown_;
};

// For the specification of a model that trains this network.
void set_stylizer_defaults(TrainOptions& options);
void check_stylizer_run(const TrainOptions& options);
// Its rows: the photographs and their crops, and the options that its own schedule and its own
// initial weights replace. `model` is a name for messages.
void add_photograph_rows(OptionTable& table);
void leave_out_replaced_rows(OptionTable& table, const char* model);
// The network "g" of a stylizer's options.
std::unique_ptr<Module> stylizer_network(const TrainOptions& options);

// Returns `model` as a stylizer, or null.
Stylizer* as_stylizer(Model& model);

}  // namespace sumi
