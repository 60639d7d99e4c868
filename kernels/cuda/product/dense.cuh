// Operands of a product that lie in memory as matrices. What else an operand can be: conv/matrices.cuh.
//
// A matrix answers where its element [row, col] lies; rows and columns are looked up apart, because a thread that walks along a
// row looks that up once. Neighboring columns are neighbors in memory. at() is null where there is no element, and the
// product takes 0 there.
#pragma once

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

// data[row, col] with a distance of `stride` between rows.
template <class T>
struct Dense {
  using Element = T;
  const T* data;
  int rows, cols, stride;

  struct Row {
    int offset;
  };
  struct Col {
    int offset;
  };
  __device__ Row row(int i) const { return {i < rows ? i * stride : -1}; }
  __device__ Col col(int j) const { return {j < cols ? j : -1}; }
  __device__ const T* at(Row row, Col col) const {
    return row.offset < 0 || col.offset < 0 ? nullptr : data + row.offset + col.offset;
  }
};

// A Dense that says when it is launched whether its columns can be fetched as vectors (TileLoader).
template <class T>
struct Operand : Dense<T> {
  bool vectors;
};

}  // namespace sumi::kernels::cuda
