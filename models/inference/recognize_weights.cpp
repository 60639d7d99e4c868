#include "models/inference/recognize_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "engine/error.h"
#include "models/inference/weight_import.h"
#include "models/inference/weight_parts.h"
#include "models/planned_network.h"
#include "models/settings.h"

namespace sumi {
namespace {

using FilterShape = std::vector<std::int64_t>;

// A generator that the shapes allow; which of the variants it is, the names and counts say.
struct GeneratorGuess {
  TrainOptions options;
  std::string net, text;
  bool has_norm_choice = true;  // --norm and --dropout
};

// Shapes of the convolutions, in the order of the file or of their numbers.
std::vector<FilterShape> filters_of(const WeightFile& file) {
  std::vector<FilterShape> filters;
  for (const WeightFile::Entry& entry : in_order(file))
    if (entry.shape.size() == 4) filters.push_back(entry.shape);
  return filters;
}

bool has_side(const FilterShape& filter, std::int64_t side) {
  return filter[2] == side && filter[3] == side;
}

bool is_image(std::int64_t channels) {
  return channels == 1 || channels == 3;
}

// CycleGAN's: [ngf,c,7,7], [2ngf,ngf,3,3], [4ngf,2ngf,3,3], blocks of two [4ngf,4ngf,3,3], two up,
// [c,ngf,7,7].
std::optional<GeneratorGuess> guess_resnet(const std::vector<FilterShape>& filters) {
  if (filters.size() < 8 || !has_side(filters.front(), 7) || !has_side(filters.back(), 7))
    return std::nullopt;
  const std::int64_t ngf = filters.front()[0], channels = filters.front()[1];
  const auto blocks = static_cast<std::int64_t>(filters.size() - 6) / 2;
  if (!is_image(channels) || ngf > 512 || blocks > 64) return std::nullopt;
  GeneratorGuess guess{default_options("pix2pix"), "g", ""};
  guess.options.net_g = "resnet_9blocks";
  guess.options.n_blocks = static_cast<int>(blocks);
  guess.options.ngf = static_cast<int>(ngf);
  guess.options.channels = static_cast<int>(channels);
  // A transposed convolution has its inputs first.
  guess.options.upsample = filters[filters.size() - 3][0] == 4 * ngf ? "transpose" : "nearest";
  guess.text = fmt::format("a resnet generator: {} blocks, ngf {}", blocks, ngf);
  return guess;
}

// pix2pix's: [ngf,c,4,4] first, [2ngf,c,4,4] last.
std::optional<GeneratorGuess> guess_unet(const std::vector<FilterShape>& filters, int downs) {
  const std::int64_t ngf = filters.empty() ? 0 : filters.front()[0];
  if (filters.size() != 2 * static_cast<std::size_t>(downs) || !has_side(filters.front(), 4) || ngf > 512 ||
      !is_image(filters.front()[1]))
    return std::nullopt;
  GeneratorGuess guess{default_options("pix2pix"), "g", ""};
  guess.options.net_g = downs == 7 ? "unet_128" : "unet_256";
  guess.options.ngf = static_cast<int>(ngf);
  guess.options.channels = static_cast<int>(filters.front()[1]);
  guess.options.upsample = has_side(filters.back(), 4) ? "transpose" : "nearest";
  guess.text = fmt::format("a U-Net generator: {}, ngf {}", guess.options.net_g, ngf);
  return guess;
}

// DCGAN's: [nz,w,4,4], halving the channels with each doubling of the image, [ngf,c,4,4] last; or
// 3x3 convolutions [out,in,3,3] behind the first.
std::optional<GeneratorGuess> guess_dcgan(const std::vector<FilterShape>& filters) {
  if (filters.size() < 3 || filters.size() > 7 || !has_side(filters.front(), 4)) return std::nullopt;
  const FilterShape& last = filters.back();
  const bool transposed = has_side(last, 4);
  const std::int64_t ngf = last[transposed ? 0 : 1], channels = last[transposed ? 1 : 0];
  if (!is_image(channels) || ngf > 512 || filters.front()[0] > 4096) return std::nullopt;
  GeneratorGuess guess{default_options("dcgan"), "g", "", false};
  guess.options.size = 4 << (filters.size() - 1);
  guess.options.ngf = static_cast<int>(ngf);
  guess.options.nz = static_cast<int>(filters.front()[0]);
  guess.options.channels = static_cast<int>(channels);
  guess.options.upsample = transposed ? "transpose" : "nearest";
  guess.text =
      fmt::format("a DCGAN generator: {0}x{0}, nz {1}, ngf {2}", guess.options.size, guess.options.nz, ngf);
  return guess;
}

std::vector<GeneratorGuess> guesses_for(const WeightFile& file) {
  std::vector<GeneratorGuess> all;
  const std::vector<FilterShape> filters = filters_of(file);
  for (auto& guess :
       {guess_resnet(filters), guess_unet(filters, 7), guess_unet(filters, 8), guess_dcgan(filters)})
    if (guess) all.push_back(*guess);
  return all;
}

void as_cyclegan(GeneratorGuess& guess) {
  TrainOptions o = default_options("cyclegan");
  o.net_g = guess.options.net_g;
  o.n_blocks = guess.options.n_blocks;
  o.ngf = guess.options.ngf;
  o.channels = guess.options.channels;
  o.upsample = guess.options.upsample;
  guess.options = o;
  guess.net = "g_ab";
}

// The guess with every norm, and with and without dropout. Batch norm comes before affine instance
// norm, whose unused statistics in old files look like it.
std::vector<GeneratorGuess> variants_of(const GeneratorGuess& guess) {
  if (!guess.has_norm_choice) return {guess};
  std::vector<GeneratorGuess> all;
  for (const auto& [norm, name] : {std::pair{"instance", "instance norm"},
                                   {"batch", "batch norm"},
                                   {"instance-affine", "affine instance norm"}})
    for (const bool dropout : {false, true}) {
      GeneratorGuess variant = guess;
      // CycleGAN's batch norms use running statistics, as eval() of PyTorch does; pix2pix's do not.
      if (norm == std::string("batch") && guess.options.net_g.starts_with("resnet")) as_cyclegan(variant);
      variant.options.norm = norm;
      variant.options.no_dropout = !dropout;
      variant.text += fmt::format(", {}{}", name, dropout ? ", dropout" : "");
      all.push_back(std::move(variant));
    }
  return all;
}

bool guess_fits(const WeightFile& file, const std::string& path, const GeneratorGuess& guess, NameRule rule) {
  try {
    validate(guess.options);
    check_weights_fit(file, path, guess.net, plan_networks(guess.options), rule);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::optional<RecognizedWeights> recognize(const WeightFile& file, const std::string& path) {
  for (const NameRule rule : {NameRule::by_name, NameRule::by_order})
    for (const GeneratorGuess& guess : guesses_for(file))
      for (GeneratorGuess& variant : variants_of(guess)) {
        if (!guess_fits(file, path, variant, rule)) continue;
        TrainOptions& o = variant.options;
        return RecognizedWeights{o, variant.net, rule,
                                 fmt::format("{}, {} upsampling, {} channel{}; as {} of {}", variant.text,
                                             o.upsample == "transpose" ? "transposed" : "resized", o.channels,
                                             o.channels == 1 ? "" : "s", variant.net, o.model)};
      }
  return std::nullopt;
}

[[noreturn]] void refuse_unrecognized(const WeightFile& file, const std::string& path) {
  const auto guesses = guesses_for(file);
  std::string text = fmt::format("is {} with {} tensors", describe(file.format()), file.entries().size());
  if (!file.chosen().empty()) text += " in " + file.chosen();
  if (!file.entries().empty())
    text +=
        fmt::format(", the first {} [{}]", file.entries()[0].name, fmt::join(file.entries()[0].shape, ", "));
  if (guesses.empty())
    fail("weights " + path,
         text +
             "; sumi recognizes generators of CycleGAN, pix2pix and DCGAN. For another of its "
             "models: sumi import --model NAME --net g says what differs");
  try {
    const auto variants = variants_of(guesses[0]);
    check_weights_fit(file, path, guesses[0].net, plan_networks(variants[0].options));
  } catch (const Error& error) {
    const std::string what = error.what();
    fail("weights " + path, fmt::format("{}; it looks like {}, but {}", text, guesses[0].text,
                                        what.substr(what.find("] ") + 2)));
  }
  fail("weights " + path, text);
}

}  // namespace

RecognizedWeights recognize_weights(WeightFile& file, const std::string& path, const std::string& key) {
  if (!choose_part(file, path, key, [&] { return recognize(file, path).has_value(); }))
    refuse_unrecognized(file, path);
  return *recognize(file, path);
}

}  // namespace sumi
