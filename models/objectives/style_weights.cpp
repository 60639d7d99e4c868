// The published loss weights of AnimeGANv2 and CartoonGAN, and sumi's.
#include <fmt/format.h>

#include "models/anime_options.h"
#include "models/inference/feature_network.h"
#include "models/inference/load_features.h"
#include "models/objectives/style_weights.h"

namespace sumi {
namespace {

struct Preset {
  const char* name;
  LossWeights weights;
};
// Weights as published: AnimeGANv2's for its three styles, and CartoonGAN's.
constexpr Preset kPresets[] = {
    {"hayao", {300, 1.5, 2.5, 15, 1, 1.2, 1.2, 1.2, 0.8, true}},
    {"paprika", {300, 2, 0.6, 50, 0.1, 1, 1, 1, 0.005, true}},
    {"shinkai", {300, 1.2, 2, 10, 1, 1.7, 1.7, 1.7, 1, true}},
    {"cartoongan", {1, 10, 0, 0, 0, 1, 1, 0, 1, false}},
};
// Generator weights for sumi's own features, chosen by looking at samples
// (docs/learn/8-anime-style.md).
struct SumiFeatureWeights {
  double adversarial, content, style, color, variation;
};
constexpr SumiFeatureWeights kOwnAnime{1, 3, 250, 10, 1}, kOwnCartoon{1, 50, 0, 30, 0};

}  // namespace

LossWeights anime_weights(const TrainOptions& options) {
  const auto& o = options.group<AnimeOptions>();
  std::string known;
  for (const Preset& preset : kPresets) {
    known += std::string(known.empty() ? "" : ", ") + preset.name;
    if (o.style_preset != preset.name) continue;
    LossWeights w = preset.weights;
    const auto instead = [](double& weight, double given) { weight = given < 0 ? weight : given; };
    instead(w.adversarial, o.lambda_adv);
    instead(w.content, o.lambda_content);
    instead(w.style, o.lambda_style);
    instead(w.color, o.lambda_color);
    instead(w.variation, o.lambda_tv);
    return w;
  }
  fail("--style-preset", fmt::format("unknown '{}'; use one of: {}", o.style_preset, known));
}

void settle_anime_weights(TrainOptions& options) {
  auto& o = options.group<AnimeOptions>();
  if (!is_own_network(o.feature_network)) return;
  const SumiFeatureWeights& own = o.style_preset == "cartoongan" ? kOwnCartoon : kOwnAnime;
  for (const auto& [given, weight] : {std::pair{&o.lambda_adv, own.adversarial},
                                      {&o.lambda_content, own.content},
                                      {&o.lambda_style, own.style},
                                      {&o.lambda_color, own.color},
                                      {&o.lambda_tv, own.variation}})
    if (*given < 0) *given = weight;
}

}  // namespace sumi
