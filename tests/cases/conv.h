// Shapes of convolutions and transposed convolutions on which every implementation is tested: odd
// sizes, channels 1 3 7 8 33, strides, dilation, groups, asymmetric pads, and reduced layers of
// DCGAN and CycleGAN.
#pragma once

#include "kernels/conv.h"

namespace sumi::cases {

using kernels::ConvGeom;
using kernels::ConvOptions;

// x [n,h,w,c] * w [k,r,s,c/groups]
struct ConvCase {
  const char* name;
  std::int64_t n, h, w, c, k, r, s;
  ConvOptions o;

  ConvGeom geom() const { return ConvGeom::make(name, {n, h, w, c}, {k, r, s, c / o.groups}, o); }
};

// x [n,p,q,k] scattered by w [k,r,s,c/groups] to [n,h,w,c]
struct ConvTransposeCase {
  const char* name;
  std::int64_t n, p, q, k, c, r, s;
  ConvOptions o;
  int output_padding;

  ConvGeom geom() const {
    return ConvGeom::make_transpose(name, {n, p, q, k}, {k, r, s, c / o.groups}, o, output_padding);
  }
};

constexpr ConvOptions pads(int stride, int top, int bottom, int left, int right, int dilation = 1,
                           int groups = 1) {
  return {stride, top, bottom, left, right, dilation, groups};
}
constexpr ConvOptions same(int stride, int pad, int dilation = 1, int groups = 1) {
  return pads(stride, pad, pad, pad, pad, dilation, groups);
}

inline constexpr ConvCase conv_cases[] = {
    {"one pixel", 1, 1, 1, 1, 1, 1, 1, same(1, 0)},
    {"1x1, odd channels", 2, 5, 7, 7, 33, 1, 1, same(1, 0)},
    {"1x1, stride 2", 2, 9, 6, 8, 3, 1, 1, same(2, 0)},
    {"1x1 with padding", 1, 4, 5, 3, 7, 1, 1, same(1, 1)},
    {"3x3, one channel", 2, 6, 7, 1, 1, 3, 3, same(1, 1)},
    {"3x3, same size", 2, 8, 8, 8, 8, 3, 3, same(1, 1)},
    {"3x3, odd everything", 3, 11, 13, 7, 33, 3, 3, same(1, 1)},
    {"3x3, no padding", 1, 9, 10, 33, 7, 3, 3, same(1, 0)},
    {"3x3, pads beyond the filter", 1, 4, 3, 3, 8, 3, 3, same(1, 4)},
    {"3x3, tiles cut at both edges", 1, 17, 18, 16, 16, 3, 3, same(1, 1)},
    {"3x3, image smaller than a tile", 2, 2, 3, 8, 8, 3, 3, same(1, 1)},
    {"3x3, stride 2, even", 2, 8, 10, 8, 7, 3, 3, same(2, 1)},
    {"3x3, stride 2, odd", 2, 9, 7, 3, 8, 3, 3, same(2, 1)},
    {"3x3, stride 3", 1, 11, 12, 7, 3, 3, 3, same(3, 1)},
    {"stride above the filter", 1, 10, 11, 3, 7, 2, 2, same(3, 0)},
    {"rows that no tap reads", 1, 10, 10, 3, 3, 3, 3, same(4, 0)},
    {"2x2", 2, 5, 6, 7, 8, 2, 2, same(1, 0)},
    {"5x5, stride 2", 1, 13, 11, 3, 8, 5, 5, same(2, 2)},
    {"3x5", 1, 8, 9, 7, 3, 3, 5, pads(1, 1, 1, 2, 2)},
    {"1x7", 1, 3, 12, 8, 8, 1, 7, pads(1, 0, 0, 3, 3)},
    {"7x1, stride 2", 1, 14, 3, 3, 7, 7, 1, pads(2, 3, 3, 0, 0)},
    {"filter as large as the image", 2, 4, 4, 33, 1, 4, 4, same(1, 0)},
    {"four different pads", 2, 7, 6, 3, 8, 3, 3, pads(1, 0, 1, 2, 3)},
    {"four different pads, stride 2", 1, 9, 8, 7, 8, 4, 4, pads(2, 2, 0, 1, 3)},
    {"pad below and right only", 1, 8, 8, 8, 8, 3, 3, pads(2, 0, 1, 0, 1)},
    {"dilation 2", 1, 9, 10, 7, 8, 3, 3, same(1, 2, 2)},
    {"dilation 3, stride 2", 1, 14, 13, 3, 7, 3, 3, same(2, 3, 3)},
    {"dilation 2, uneven pads", 1, 9, 9, 8, 3, 3, 2, pads(1, 1, 3, 0, 2, 2)},
    {"groups 2", 2, 6, 7, 8, 6, 3, 3, same(1, 1, 1, 2)},
    {"groups 3, stride 2", 1, 9, 8, 33, 9, 3, 3, same(2, 1, 1, 3)},
    {"depthwise", 1, 7, 9, 7, 7, 3, 3, same(1, 1, 1, 7)},
    {"depthwise, two filters each, dilated", 1, 8, 9, 3, 6, 3, 3, same(1, 2, 2, 3)},
    {"DCGAN discriminator, first", 2, 16, 16, 3, 16, 4, 4, same(2, 1)},
    {"DCGAN discriminator, middle", 2, 8, 8, 32, 64, 4, 4, same(2, 1)},
    {"DCGAN discriminator, last", 4, 4, 4, 64, 1, 4, 4, same(1, 0)},
    {"CycleGAN, 7x7 after reflection", 1, 18, 18, 3, 16, 7, 7, same(1, 0)},
    {"CycleGAN, down", 1, 16, 16, 16, 32, 3, 3, same(2, 1)},
    {"CycleGAN, residual after reflection", 1, 14, 14, 32, 32, 3, 3, same(1, 0)},
    {"CycleGAN, image", 1, 14, 14, 16, 3, 7, 7, same(1, 0)},
    {"CycleGAN, residual, zero padding", 1, 12, 12, 64, 48, 3, 3, same(1, 1)},
    {"3x3, tiles cut, channels between vectors", 2, 13, 11, 33, 41, 3, 3, pads(1, 0, 2, 1, 1)},
    {"dilation 2, stride 2", 1, 13, 12, 8, 3, 3, 3, same(2, 2, 2)},
    {"dilation 4, stride 6", 1, 15, 23, 3, 7, 4, 5, pads(6, 5, 1, 3, 4, 4)},
    {"dilation 3, stride 2, groups 2, uneven pads", 1, 11, 9, 6, 8, 2, 3, pads(2, 1, 0, 3, 2, 3, 2)},
    {"depthwise, stride 2", 2, 9, 8, 33, 33, 3, 3, same(2, 1, 1, 33)},
    {"depthwise, three filters each, stride 2", 1, 9, 8, 7, 21, 3, 3, same(2, 1, 1, 7)},
    {"7x7 over an image smaller than itself", 2, 4, 3, 3, 7, 7, 7, same(1, 3)},
    {"many pixels, few weights", 2, 33, 37, 1, 2, 3, 3, same(1, 1)},
    {"PatchGAN, stride 1", 1, 9, 9, 32, 33, 4, 4, same(1, 1)},
};

inline constexpr ConvTransposeCase conv_transpose_cases[] = {
    {"one pixel", 1, 1, 1, 1, 1, 1, 1, same(1, 0), 0},
    {"1x1", 2, 3, 5, 7, 8, 1, 1, same(1, 0), 0},
    {"3x3, stride 1", 2, 5, 6, 8, 7, 3, 3, same(1, 1), 0},
    {"3x3, stride 1, channels between vectors", 1, 12, 13, 40, 34, 3, 3, same(1, 1), 0},
    {"3x3, stride 2", 1, 5, 4, 7, 3, 3, 3, same(2, 1), 0},
    {"3x3, stride 2, output padding", 2, 5, 4, 33, 8, 3, 3, same(2, 1), 1},
    {"3x3, stride 3, output padding 2", 1, 4, 3, 3, 7, 3, 3, same(3, 1), 2},
    {"2x2, stride 2", 1, 6, 5, 8, 3, 2, 2, same(2, 0), 0},
    {"2x2, stride 3: pixels that nothing writes", 1, 4, 4, 3, 3, 2, 2, same(3, 0), 1},
    {"5x5, stride 2, output padding", 1, 4, 7, 3, 8, 5, 5, same(2, 2), 1},
    {"four different pads", 1, 5, 6, 7, 8, 4, 4, pads(2, 0, 1, 2, 3), 0},
    {"dilation 2", 1, 5, 6, 3, 7, 3, 3, same(1, 2, 2), 0},
    {"dilation 2, stride 2, output padding", 1, 5, 4, 8, 3, 3, 3, same(2, 1, 2), 1},
    {"groups 2", 2, 4, 5, 6, 8, 3, 3, same(2, 1, 1, 2), 1},
    {"depthwise, two channels each", 1, 5, 4, 3, 6, 4, 4, same(2, 1, 1, 3), 0},
    {"1x1, stride 3, output padding 2: pixels that nothing writes", 1, 3, 4, 7, 8, 1, 1, same(3, 0), 2},
    {"four different pads, output padding 2", 1, 4, 5, 8, 3, 5, 4, pads(3, 2, 0, 1, 3), 2},
    {"dilation 4, stride 6, output padding 5", 1, 3, 2, 3, 7, 3, 3, pads(6, 1, 2, 0, 3, 4), 5},
    {"DCGAN generator, first", 4, 1, 1, 33, 32, 4, 4, same(1, 0), 0},
    {"DCGAN generator, middle", 2, 4, 4, 64, 32, 4, 4, same(2, 1), 0},
    {"DCGAN generator, image", 2, 8, 8, 16, 3, 4, 4, same(2, 1), 0},
    {"CycleGAN, up", 1, 8, 8, 32, 16, 3, 3, same(2, 1), 1},
};

}  // namespace sumi::cases
