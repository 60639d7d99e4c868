// Operands of a product that are stored as matrices; for other operands see conv/matrices.cuh.
//
// A matrix gives the address of its element [row, col]. Rows and columns are looked up separately,
// so that a thread that walks along a row looks the row up once. Adjacent columns are adjacent in
// memory. at() returns null where there is no element, and the product uses 0 there.
#pragma once

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

// data[row, col], with `stride` elements between rows.
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

// A Dense that decides at launch whether its columns can be fetched as vectors (TileLoader).
template <class T>
struct Operand : Dense<T> {
  bool vectors;
};

}  // namespace sumi::kernels::cuda
