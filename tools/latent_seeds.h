// Noise of sumi generate: of one seed, or of a list of seeds.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "models/model.h"

namespace sumi::cli {

// "3,17,40-42" is 3, 17, 40, 41, 42. Throws UsageError for anything else and for more than a
// million seeds.
std::vector<std::uint64_t> parse_seed_list(const CLI::App* app, const std::string& text);

// The noise [n,1,1,k] of `count` images of a seed; image K of a seed is always the same.
Tensor noise_of_seed(const Model& model, std::uint64_t seed, std::int64_t count, int only_class);
// The noise of image 0 of each seed.
Tensor noise_of_seeds(const Model& model, const std::vector<std::uint64_t>& seeds, int only_class);

// Multiplies the first nz values of each vector, which are the noise, by `truncation`: images
// nearer the middle of what the model has learned, and more alike. The rest (class, codes) is kept.
void truncate(std::vector<float>& vectors, std::size_t length, std::size_t nz, double truncation);

}  // namespace sumi::cli
