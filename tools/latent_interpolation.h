// Interpolation between noise vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sumi::cli {

// rows: each pair is a separate row with both ends. path: each seed is visited once. loop: the same
// and on to the first seed, which is not repeated at the end.
enum class WalkShape : std::uint8_t { rows, path, loop };

// Number of images of a walk over `count` seeds.
std::int64_t walk_length(std::int64_t count, std::int64_t between, WalkShape shape);

// The noise of every generated image: `seeds` (vectors of nz values) with `between` more on the
// path from each to the next.
std::vector<float> noise_walk(std::vector<float> seeds, std::size_t nz, std::int64_t between,
                              WalkShape shape);

}  // namespace sumi::cli
