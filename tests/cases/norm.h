// Shapes and groupings of normalization.
#pragma once

#include "kernels/norm.h"

namespace sumi::cases {

struct NormCase {
  const char* name;
  Shape x;
  std::int64_t groups;  // 0: batch norm
  double eps = 1e-5;

  kernels::NormGeom geom() const { return {x, groups, eps}; }
};

inline constexpr NormCase norm_cases[] = {
    {"batch, one channel", {2, 3, 3, 1}, 0},    {"batch, odd", {3, 5, 7, 7}, 0},
    {"batch, 8 channels", {4, 4, 4, 8}, 0},     {"batch, 33 channels", {2, 9, 5, 33}, 0, 1e-3},
    {"batch, matrix", {16, 1, 1, 33}, 0},       {"batch, larger", {4, 16, 16, 32}, 0},
    {"instance, 3 channels", {2, 6, 5, 3}, 3},  {"instance, 33 channels", {2, 7, 7, 33}, 33},
    {"instance, larger", {1, 16, 16, 32}, 32},  {"layer", {3, 4, 5, 7}, 1},
    {"layer, matrix", {5, 1, 1, 33}, 1},        {"group, 2 of 8", {2, 5, 3, 8}, 2},
    {"group, 3 of 33", {2, 4, 5, 33}, 3, 1e-3},
};

}  // namespace sumi::cases
