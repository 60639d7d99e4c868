// Small convolutions that cross every border of the tiles of kernels/cuda/conv: more and fewer rows
// than a tile (16, 64, 128), likewise columns, depths that end inside a tile or need fewer tiles
// than are in flight, channels that can and cannot be read as vectors, several chunks of pixels,
// groups, phases with and without taps.
#pragma once

#include "tests/cases/conv.h"

namespace sumi::cases {

inline constexpr ConvCase ladder_cases[] = {
    {"one pixel, one channel", 1, 1, 1, 1, 1, 1, 1, same(1, 0)},
    {"a tile's rows and columns, exactly", 1, 8, 16, 16, 64, 1, 1, same(1, 0)},
    {"vectors, beyond every tile", 1, 13, 11, 24, 72, 3, 3, same(1, 1)},
    {"vectors, columns and depth cut", 2, 9, 9, 40, 136, 2, 3, pads(1, 0, 1, 2, 0)},
    {"odd channels, beyond every tile", 1, 12, 12, 7, 67, 3, 3, same(1, 1)},
    {"vectors of 4 but not of 8", 1, 10, 9, 12, 20, 3, 3, same(1, 1)},
    {"stride 2, vectors", 2, 14, 13, 16, 40, 4, 4, same(2, 1)},
    {"stride 2, odd", 1, 15, 18, 3, 17, 5, 5, pads(2, 2, 1, 1, 2)},
    {"stride 3, phases without taps", 1, 13, 14, 8, 24, 2, 2, same(3, 0)},
    {"stride 4, dilation 2: common divisor", 1, 17, 15, 8, 16, 3, 3, same(4, 2, 2)},
    {"dilation 2, stride 2, uneven pads", 1, 16, 15, 8, 24, 3, 3, pads(2, 3, 1, 0, 2, 2)},
    {"groups, vectors", 1, 10, 12, 48, 32, 3, 3, same(1, 1, 1, 2)},
    {"groups, odd, stride 2", 2, 9, 9, 9, 27, 3, 3, same(2, 1, 1, 3)},
    {"depthwise", 1, 11, 9, 16, 16, 3, 3, same(1, 1, 1, 16)},
    {"chunks of pixels", 3, 24, 24, 8, 16, 3, 3, same(1, 1)},
    {"chunks of pixels, odd", 2, 26, 25, 3, 18, 3, 3, same(1, 1)},
    {"pads beyond the filter", 1, 5, 4, 8, 16, 3, 3, same(1, 4)},
};

}  // namespace sumi::cases
