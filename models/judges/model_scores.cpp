#include "models/judges/model_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "engine/error.h"
#include "engine/image/photo.h"
#include "models/inference/discriminator_verdict.h"
#include "models/judges/image_scores.h"
#include "models/judges/model_images.h"
#include "models/judges/perceptual.h"

namespace sumi {
namespace {

constexpr std::size_t kMostStyle = 500;  // images whose style is measured
constexpr std::size_t kMostVerdicts = 200;

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

StyleFigures style_of(const ImageSet& set) {
  const std::size_t count = std::min(kMostStyle, set.count);
  StyleFigures sum;
  for (std::size_t i = 0; i < count; ++i) {
    const StyleFigures f = style_figures(set.at(i * set.count / count));
    sum.color_contrast += f.color_contrast / static_cast<double>(count);
    sum.flatness += f.flatness / static_cast<double>(count);
    sum.line_strength += f.line_strength / static_cast<double>(count);
    sum.checkerboard += f.checkerboard / static_cast<double>(count);
  }
  return sum;
}

void add_style(std::vector<Score>& scores, const ImageSet& sources, const ImageSet& results,
               const ImageSet& target) {
  const StyleFigures own = style_of(results), wanted = style_of(target), before = style_of(sources);
  const auto row = [&](const char* key, const char* name, double StyleFigures::*figure) {
    scores.push_back({key, name, own.*figure, wanted.*figure, Better::near_reference,
                      fmt::format("input {:.3g}", before.*figure)});
  };
  row("color_contrast", "color contrast", &StyleFigures::color_contrast);
  row("flatness", "flatness", &StyleFigures::flatness);
  row("line_strength", "line strength", &StyleFigures::line_strength);
  row("checkerboard", "checkerboard", &StyleFigures::checkerboard);
}

Photo photo_of(const Image8& image) {
  Photo photo;
  photo.width = image.width, photo.height = image.height;
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < photo.pixels(); ++i)
    for (std::size_t c = 0; c < 3; ++c)
      photo.rgb.push_back(
          static_cast<std::uint16_t>(257 * image.data[i * channels + (channels == 3 ? c : 0)]));
  return photo;
}

std::vector<Score> verdicts(const OpenedModel& opened, const std::string& direction, const ImageSet& images,
                            const ImageSet& sources) {
  Verdict mean;
  const std::size_t count = std::min({kMostVerdicts, images.count, sources.count});
  std::optional<DiscriminatorJudge> judge;
  try {
    judge.emplace(opened, direction);
  } catch (const Error&) {  // no discriminator in the file, or none of single images
    return {};
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Verdict v = (*judge)(photo_of(sources.at(i)), photo_of(images.at(i)));
    mean.score += v.score / static_cast<double>(count);
    mean.real_share += v.real_share / static_cast<double>(count);
  }
  return {{"discriminator",
           "discriminator's mean score",
           mean.score,
           {},
           Better::higher,
           fmt::format("{:.0f} % of the patches pass as real", 100 * mean.real_share)}};
}

}  // namespace

std::vector<Score> translation_scores(const ImageSet& sources, const ImageSet& results,
                                      const ImageSet& target, const FeatureNetwork& network,
                                      const Device& device) {
  std::vector<double> similarity, shift;
  EdgeCounts edges;
  const std::size_t count = std::min(sources.count, results.count);
  for (std::size_t i = 0; i < count; ++i) {
    const Image8 source = sources.at(i), result = results.at(i);
    similarity.push_back(ssim(source, result));
    shift.push_back(chroma_shift(source, result));
    edges += edge_counts(source, result);
  }
  std::vector<Score> scores{
      {"ssim", "SSIM with the input", mean_of(similarity), {}, Better::higher, "content; 1 is a copy"},
      {"edges", "edges of the input kept", edges.f1(), {}, Better::higher, "F1 within two pixels"},
      {"perceptual",
       "perceptual distance to the input",
       mean_of(perceptual_distances(network, sources, results, device)),
       {},
       Better::lower,
       "on " + features_title(network)},
      {"chroma_shift", "shift of color", mean_of(shift), {}, Better::lower, "CIELAB units"}};
  add_style(scores, sources, results, target);
  return scores;
}

Score identity_score(const ImageSet& target, const ImageSet& translated) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < std::min(target.count, translated.count); ++i)
    differences.push_back(mean_difference(target.at(i), translated.at(i)));
  return {"identity", "identity error", mean_of(differences),
          {},         Better::lower,    "levels, of images that are in the style already"};
}

std::vector<Score> memorization_scores(const Memorization& m) {
  const char* others = m.has_held_out ? "held-out images" : "training images without themselves";
  return {
      {"nearest", "distance to the nearest training image", m.median, m.held_out_median,
       Better::near_reference, fmt::format("median; real: {}", others)},
      {"nearer", "probability of being nearer than those", m.nearer, 0.5, Better::near_reference,
       fmt::format("near 1: memorized; z = {:.1f}", m.z)},
      {"suspicious", "samples nearer than 99 % of those", m.suspicious, 0.01, Better::near_reference, ""}};
}

std::vector<Score> discriminator_scores(const OpenedModel& opened, const std::string& direction,
                                        const ImageSet& images, const ImageSet& real,
                                        const ImageSet& held_out, const ImageSet& sources) {
  if (!direction.empty()) return verdicts(opened, direction, images, sources);
  if (std::find(opened.networks.begin(), opened.networks.end(), "d") == opened.networks.end()) return {};
  const auto of = [&](const ImageSet& set) {
    return discriminator_score(*opened.model, opened.options, set);
  };
  const DiscriminatorScore fake = of(images), true_ = of(real);
  if (!fake.available || !true_.available) return {};
  std::vector<Score> scores{{"discriminator", "discriminator's mean score", fake.mean, true_.mean,
                             Better::near_reference,
                             fmt::format("takes {:.0f} % of the samples and {:.0f} % of the real for real",
                                         100 * fake.real_share, 100 * true_.real_share)}};
  if (held_out.count > 0)
    scores.push_back({"discriminator_held_out", "the same of held-out images", of(held_out).mean, true_.mean,
                      Better::near_reference, "a gap to the real ones: d has overfit"});
  return scores;
}

Image8 translation_sheet(const ImageSet& sources, const ImageSet& results, std::size_t pairs) {
  std::vector<Image8> cells;
  const std::size_t all = std::min(sources.count, results.count), count = std::min(pairs, all);
  for (std::size_t k = 0; k < count; ++k) {
    cells.push_back(sources.at(k * all / count));
    cells.push_back(results.at(k * all / count));
  }
  return make_sheet(cells, 8);
}

}  // namespace sumi
