#include "models/inference/discriminator_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "engine/autograd.h"
#include "engine/error.h"
#include "engine/image/image.h"
#include "engine/ops.h"

namespace sumi {
namespace {

constexpr int kMostSide = 1024;

Photo central(const Photo& photo, int width, int height) {
  if (width == photo.width && height == photo.height) return photo;
  Photo cut{width, height, photo.depth, {}, {}, ""};
  const int left = (photo.width - width) / 2, top = (photo.height - height) / 2;
  for (int y = top; y < top + height; ++y) {
    const std::uint16_t* row =
        photo.rgb.data() + 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(photo.width) +
                                static_cast<std::size_t>(left));
    cut.rgb.insert(cut.rgb.end(), row, row + 3 * static_cast<std::size_t>(width));
  }
  return cut;
}

const Model::Network* find_network(const std::vector<Model::Network>& networks, const std::string& name) {
  for (const Model::Network& network : networks)
    if (network.name == name) return &network;
  return nullptr;
}

// Whether the network takes images of other sizes than those of training.
bool takes_any_size(const Model::Network& d) {
  try {
    Cost cost;
    d.module->infer_shape({1, d.input.h + 16, d.input.w + 32, d.input.c}, cost);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

DiscriminatorJudge::DiscriminatorJudge(const OpenedModel& opened, const std::string& direction)
    : loss_(opened.options.gan_mode, 0) {
  if (loss_.is_paired())
    fail("--judge",
         "is not for --gan-mode relativistic, whose discriminator only compares two images; leave "
         "it out");
  const std::vector<Model::Network> networks = opened.model->networks();
  const bool two = find_network(networks, "d_a") != nullptr;
  const std::string name = two ? (direction == "BtoA" ? "d_a" : "d_b") : "d";
  const Model::Network* d = find_network(networks, name);
  if (!d) fail("--judge", fmt::format("{} has no discriminator; leave it out", opened.options.model));
  if (std::find(opened.networks.begin(), opened.networks.end(), name) == opened.networks.end())
    fail("--judge", fmt::format("the file holds no {}: give the run or its checkpoint, or export it with its "
                                "discriminator",
                                name));
  const Model::Translator translator = opened.model->translator(direction);
  if (translator.degradation.task == RestorationTask::inpaint)
    fail("--judge", "is not for --task inpaint, whose discriminator sees the holes; leave it out");
  for (const Model::Network& network : networks)
    if (network.name == translator.name) channels_ = network.input.c;
  d_ = d->module;
  trained_ = d->input;
  conditional_ = trained_.c == 2 * channels_;
  gray_condition_ = translator.degradation.task == RestorationTask::colorize;
  any_size_ = takes_any_size(*d);
  const Tensor first = d_->parameters().front().value;
  dtype_ = first.dtype();
  device_ = first.device();
}

Tensor DiscriminatorJudge::input_of(const Photo& photo, int width, int height) const {
  const Photo sized = resize_photo(photo, width, height);
  const auto cut_width = any_size_ ? std::min(width, kMostSide) : width;
  const auto cut_height = any_size_ ? std::min(height, kMostSide) : height;
  const Photo seen = central(sized, cut_width, cut_height);
  std::vector<float> values;
  for (std::size_t i = 0; i < seen.pixels(); ++i) {
    const std::uint16_t* rgb = seen.rgb.data() + 3 * i;
    for (std::int64_t c = 0; c < channels_; ++c)
      values.push_back(static_cast<float>(channels_ == 1 ? luma(rgb) : rgb[c]) / 32767.5F - 1);
  }
  return Tensor::from(values, {1, seen.height, seen.width, channels_}, dtype_, device_);
}

Verdict DiscriminatorJudge::operator()(const Photo& photo, const Photo& result) const {
  const NoGrad no_grad;
  const auto trained_width = static_cast<int>(trained_.w), trained_height = static_cast<int>(trained_.h);
  int width = trained_width, height = trained_height;
  if (any_size_) {
    const double enlarge = std::max({1.0, static_cast<double>(trained_width) / result.width,
                                     static_cast<double>(trained_height) / result.height});
    const auto enlarged = [&](int side) {  // narrow strips are not to become huge
      return std::min(static_cast<int>(std::lround(side * enlarge)), std::max(side, kMostSide));
    };
    width = enlarged(result.width);
    height = enlarged(result.height);
  }
  Tensor seen = input_of(result, width, height);
  if (conditional_) {
    Photo condition = photo;
    if (gray_condition_)
      for (std::size_t i = 0; i < condition.pixels(); ++i)
        std::fill_n(condition.rgb.data() + 3 * i, 3, luma(photo.rgb.data() + 3 * i));
    seen = concat({input_of(condition, width, height), seen}, 3);
  }
  d_->set_training(false);
  const Tensor logits = (*d_)(seen);
  d_->set_training(true);
  const double score = loss_.mean_score(logits).to_vector<double>()[0];
  const double share = loss_.share_real(logits).to_vector<double>()[0];
  if (!std::isfinite(score))
    fail("--judge", "the discriminator makes NaN or infinity; its weights are damaged; leave --judge out");
  return {score, share};
}

}  // namespace sumi
