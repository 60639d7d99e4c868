// Interpolation between noise vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sumi::cli {

// The noise of every generated image: `seeds` (vectors of nz values) with `between` more on the
// path from each to the next. `rows`: each pair is a separate row with both ends; otherwise the
// path visits each seed once.
std::vector<float> noise_walk(const std::vector<float>& seeds, std::size_t nz, std::int64_t between,
                              bool rows);

}  // namespace sumi::cli
