// Shapes for padding, resizing and pooling.
#pragma once

#include "kernels/pad.h"
#include "kernels/pool.h"
#include "kernels/resize.h"

namespace sumi::cases {

using kernels::PadGeom;
using kernels::PadMode;
using kernels::PoolGeom;
using kernels::ResizeCoords;
using kernels::ResizeGeom;
using kernels::ResizeMode;

struct PadCase {
  Shape x;
  PadGeom geom;
};
inline constexpr PadCase pad_cases[] = {
    {{1, 1, 1, 1}, {PadMode::zero, 0, 0, 0, 0}},      {{2, 3, 4, 3}, {PadMode::zero, 1, 2, 3, 4}},
    {{1, 2, 2, 33}, {PadMode::zero, 5, 0, 0, 5}},     {{2, 5, 6, 8}, {PadMode::reflect, 1, 1, 1, 1}},
    {{1, 4, 5, 3}, {PadMode::reflect, 3, 3, 3, 3}},   {{1, 4, 7, 7}, {PadMode::reflect, 0, 3, 2, 6}},
    {{2, 2, 3, 1}, {PadMode::reflect, 1, 0, 2, 2}},   {{1, 16, 16, 16}, {PadMode::reflect, 3, 3, 3, 3}},
    {{1, 1, 1, 7}, {PadMode::replicate, 2, 3, 1, 4}}, {{2, 4, 3, 8}, {PadMode::replicate, 1, 2, 5, 0}},
};

// All three coordinate conventions are tested with each.
struct ResizeCase {
  Shape x;
  std::int64_t h, w;  // of y

  Shape y() const { return {x.n, h, w, x.c}; }
};
inline constexpr ResizeCase resize_cases[] = {
    {{1, 1, 1, 1}, 1, 1},    {{2, 4, 4, 3}, 8, 8},  {{1, 8, 8, 8}, 4, 4}, {{1, 3, 5, 7}, 7, 4},
    {{2, 5, 7, 33}, 10, 14}, {{1, 7, 9, 1}, 3, 20}, {{1, 1, 6, 8}, 5, 1}, {{1, 9, 8, 3}, 2, 3},
};

struct PoolCase {
  Shape x;
  PoolGeom geom;
};
inline constexpr PoolCase pool_cases[] = {
    {{1, 1, 1, 1}, {1, 1}},  {{2, 4, 6, 3}, {2, 2}}, {{1, 5, 7, 7}, {2, 2}},    {{1, 7, 8, 8}, {3, 2}},
    {{2, 6, 5, 33}, {3, 1}}, {{1, 8, 9, 1}, {2, 3}}, {{1, 16, 16, 16}, {2, 2}},
};

}  // namespace sumi::cases
