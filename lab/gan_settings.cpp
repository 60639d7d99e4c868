// Settings of the lab's GAN.
#include <algorithm>
#include <functional>
#include <utility>

#include "engine/error.h"
#include "lab/gan.h"

namespace sumi::lab {

struct GanSession::Row {
  const char* key;
  Stale effect;
  std::function<void(GanSession&, const std::string&, const std::string&)> assign;
};

namespace {

using Assign = std::function<void(GanSession&, const std::string&, const std::string&)>;

// One of these words.
std::string word_of(const std::string& key, const std::string& value, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), value) != words.end()) return value;
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  fail(key, "unknown '" + value + "'; use " + all);
}

}  // namespace

// clang-format off
const std::vector<GanSession::Row>& GanSession::rows() {
  const auto number = [](auto member, double low, double high) -> Assign {
    return [=](GanSession& s, const std::string& key, const std::string& value) {
      auto& to = s.options_.*member;
      to = static_cast<std::remove_reference_t<decltype(to)>>(number_in(key, value, low, high));
    };
  };
  const auto word = [](auto member, std::vector<std::string> words) -> Assign {
    return [=](GanSession& s, const std::string& key, const std::string& value) {
      s.options_.*member = word_of(key, value, words);
    };
  };
  const auto own = [](auto member, double low, double high) -> Assign {
    return [=](GanSession& s, const std::string& key, const std::string& value) {
      auto& to = s.settings_.*member;
      to = static_cast<std::remove_reference_t<decltype(to)>>(number_in(key, value, low, high));
    };
  };
  const auto own_word = [](auto member, std::vector<std::string> words) -> Assign {
    return [=](GanSession& s, const std::string& key, const std::string& value) {
      s.settings_.*member = word_of(key, value, words);
    };
  };
  using O = TrainOptions;
  using S = GanSettings;
  static const std::vector<Row> all = {
      {"network", Stale::networks, own_word(&S::network, {"points", "pictures"})},
      {"d_norm", Stale::networks, own_word(&S::d_norm, {"batch", "layer", "none"})},
      {"layers", Stale::networks, own(&S::layers, 1, 6)},
      {"ngf", Stale::networks, number(&O::ngf, 1, 256)},
      {"ndf", Stale::networks, number(&O::ndf, 1, 256)},
      {"nz", Stale::networks, number(&O::nz, 1, 256)},
      {"size", Stale::networks, number(&O::size, 8, 32)},
      {"channels", Stale::networks, number(&O::channels, 1, 3)},
      {"seed", Stale::networks, number(&O::seed, 0, 1e9)},
      {"latent", Stale::networks, word(&O::latent, {"normal", "uniform", "gmm:4"})},
      {"upsample", Stale::networks, word(&O::upsample, {"transpose", "nearest", "bilinear"})},
      {"spectral_norm", Stale::networks, number(&O::spectral_norm, 0, 1)},
      {"minibatch_discrimination", Stale::networks, number(&O::minibatch_discrimination, 0, 64)},
      {"shown", Stale::networks, own(&S::shown, 1, 4096)},
      {"gan_mode", Stale::trainers, word(&O::gan_mode, {"vanilla", "saturating", "lsgan", "hinge", "wgan", "wgan-gp"})},
      {"lambda_gp", Stale::trainers, number(&O::lambda_gp, 0, 1e4)},
      {"r1", Stale::trainers, number(&O::r1, 0, 1e4)},
      {"r1_interval", Stale::trainers, number(&O::r1_interval, 1, 1000)},
      {"clip_weights", Stale::trainers, number(&O::clip_weights, 0, 100)},
      {"label_smoothing", Stale::trainers, number(&O::label_smoothing, 0, 0.5)},
      {"generator_target", Stale::trainers, word(&O::generator_target, {"real", "random"})},
      {"instance_noise", Stale::trainers, number(&O::instance_noise, 0, 10)},
      {"diffaugment", Stale::trainers, word(&O::diffaugment, {"", "translation", "cutout", "translation,cutout", "color,translation,cutout"})},
      {"feature_matching", Stale::trainers, number(&O::feature_matching, 0, 1e4)},
      {"historical_averaging", Stale::trainers, number(&O::historical_averaging, 0, 1e4)},
      {"optimizer", Stale::trainers, word(&O::optimizer, {"adam", "adamw", "rmsprop"})},
      {"beta1", Stale::trainers, number(&O::beta1, 0, 0.999)},
      {"beta2", Stale::trainers, number(&O::beta2, 0, 0.9999)},
      {"ema", Stale::trainers, number(&O::ema, 0, 0.9999)},
      {"mode_seeking", Stale::none, number(&O::mode_seeking, 0, 1e4)},
      {"lr_g", Stale::none, number(&O::lr_g, 0, 1e3)},
      {"lr_d", Stale::none, number(&O::lr_d, 0, 1e3)},
      {"n_critic", Stale::none, number(&O::n_critic, 1, 100)},
      {"batch_size", Stale::none, number(&O::batch_size, 1, 1024)},
      {"history", Stale::none, own(&S::history, 0, 1000)},
      {"show_ema", Stale::none, own(&S::show_ema, 0, 1)},
  };
  return all;
}
// clang-format on

void GanSession::set(const std::string& key, const std::string& value) {
  const auto row = std::find_if(rows().begin(), rows().end(), [&](const Row& r) { return key == r.key; });
  if (row == rows().end()) fail_unknown("setting", key);
  row->assign(*this, key, value);
  stale_ = std::max(stale_, row->effect);
}

}  // namespace sumi::lab
