// The operands of a convolution viewed as matrices. Nothing is copied: a matrix gives the address
// in a tensor of its element [row, col]. Rows and columns are looked up separately, so that a
// thread that walks along a row looks the row up once. Adjacent columns are adjacent in memory
// within one pixel or one filter.
//
// at() returns null where there is no element: outside the matrix, and where a filter lies on
// padding. The product uses 0 there.
#pragma once

#include "kernels/cuda/device/divisor.cuh"
#include "kernels/cuda/product/dense.cuh"

namespace sumi::kernels::cuda {

// An image as filters see it (im2col): row (n down + p) across + q is a filter position, column (r
// taps + s) group + c is a tap and a channel:
//   data[n, p step + top + r tap_step, q step + left + s tap_step, c]
// For a forward convolution step is the stride and tap_step the dilation; see product.cuh for the
// phases of dgrad.
template <class T>
struct Gather {
  using Element = T;
  const T* data;  // of the first channel of the group
  int rows, cols;
  int height, width, channels;  // of data: pixels, and the distance between two pixels
  Divisor across, down;
  int step, top, left;
  Divisor group, taps;
  int tap_step;

  struct Row {
    int image, top, left;
  };
  struct Col {
    int down, right, channel;
  };
  __device__ Row row(int i) const {
    const auto [np, q] = across(i);
    const auto [n, p] = down(np);
    if (i >= rows) return {0, -(1 << 29), 0};  // beyond the reach of any tap
    return {n * height * width * channels, p * step + top, q * step + left};
  }
  __device__ Col col(int j) const {
    const auto [rs, c] = group(j);
    const auto [r, s] = taps(rs);
    return {j < cols ? r * tap_step : -(1 << 29), s * tap_step, c};
  }
  __device__ const T* at(Row row, Col col) const {
    const int h = row.top + col.down, v = row.left + col.right;
    if (static_cast<unsigned>(h) >= static_cast<unsigned>(height) ||
        static_cast<unsigned>(v) >= static_cast<unsigned>(width))
      return nullptr;
    return data + row.image + (h * width + v) * channels + col.channel;
  }
};

// Filters w[k,r,s,c] in the layout of the input gradient: row (a taps + b) group + k is filter k at
// the tap (first_r + a tap_step, first_s + b tap_step), column c its channel.
template <class T>
struct TapFilters {
  using Element = T;
  const T* data;           // of the first filter of the group
  int rows, cols, filter;  // filter: the distance between two filters, r s c
  Divisor group, taps;
  int row_taps, first_r, first_s, tap_step;  // row_taps: the filter's width s

  struct Row {
    int offset;
  };
  struct Col {
    int offset;
  };
  __device__ Row row(int i) const {
    const auto [ab, k] = group(i);
    const auto [a, b] = taps(ab);
    const int tap = (first_r + a * tap_step) * row_taps + first_s + b * tap_step;
    return {i < rows ? k * filter + tap * cols : -1};
  }
  __device__ Col col(int j) const { return {j < cols ? j : -1}; }
  __device__ const T* at(Row row, Col col) const {
    return row.offset < 0 || col.offset < 0 ? nullptr : data + row.offset + col.offset;
  }
};

}  // namespace sumi::kernels::cuda
