#include "tools/latent_seeds.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/ops.h"
#include "engine/random.h"
#include "models/judges/model_images.h"
#include "tools/cli/cli.h"

namespace sumi::cli {
namespace {

constexpr std::size_t kMostSeeds = 1'000'000;

}  // namespace

std::vector<std::uint64_t> parse_seed_list(const CLI::App* app, const std::string& text) {
  std::vector<std::uint64_t> seeds;
  const auto refuse = [&](const std::string& why) {
    throw UsageError(command_name(app), fmt::format("--seeds '{}' {}; write numbers and ranges: 3,17,40-42",
                                                    text.substr(0, 60), why));
  };
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const std::size_t dash = part.find('-');
    const bool is_number = !part.empty() && part.find_first_not_of("0123456789-") == std::string::npos &&
                           dash != 0 && (dash == std::string::npos || dash + 1 < part.size());
    if (!is_number) refuse("is not a list of seeds");
    const std::uint64_t low = parse_seed(app, "--seeds", part.substr(0, dash));
    const std::uint64_t high =
        dash == std::string::npos ? low : parse_seed(app, "--seeds", part.substr(dash + 1));
    if (high < low) refuse("has a range that ends before it begins");
    if (high - low >= kMostSeeds - seeds.size()) refuse("has more than a million seeds");
    for (std::uint64_t seed = low;; ++seed) {
      seeds.push_back(seed);
      if (seed == high) break;
    }
    begin = end + 1;
  }
  return seeds;
}

Tensor noise_of_seed(const Model& model, std::uint64_t seed, std::int64_t count, int only_class) {
  RandomStream stream(seed, kGenerateStream);
  return model.noise(count, stream, only_class);
}

Tensor noise_of_seeds(const Model& model, const std::vector<std::uint64_t>& seeds, int only_class) {
  std::vector<float> values;
  Tensor one;
  for (const std::uint64_t seed : seeds) {
    one = noise_of_seed(model, seed, 1, only_class);
    const std::vector<float> row = one.to_vector<float>();
    values.insert(values.end(), row.begin(), row.end());
  }
  Shape shape = one.shape();
  shape.n = static_cast<std::int64_t>(seeds.size());
  return Tensor::from(values, shape, one.dtype(), one.device());
}

void truncate(std::vector<float>& vectors, std::size_t length, std::size_t nz, double truncation) {
  for (std::size_t i = 0; i < vectors.size(); ++i)
    if (i % length < nz) vectors[i] *= static_cast<float>(truncation);
}

}  // namespace sumi::cli
