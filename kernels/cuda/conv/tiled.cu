// Variant 2: tiles in shared memory.
//
// What changed from `naive`: a block of 16 x 16 threads computes 16 x 16 outputs (16 pixels of 16
// filters) together. It walks along the depth in steps of 16: each thread fetches one element of a
// and one of b into shared memory, and after a barrier every thread multiplies a row of one tile by
// a column of the other.
//
//            b: 16 deep x 16 wide
//            +------+          one step: 2 x 256 elements fetched, 16 x 256 products:
//            |  ||  |          1/8 of an element per product, where naive fetches 2
//   +------+ +------+
//   |======| |  #   |          thread (x, y) reads row y of a (one read for the 16 threads of a row)
//   +------+ +------+          and column x of b
//   a: 16 high
//
// Why it should be faster: naive requests two elements per product from the caches; here device
// memory and L2 receive 1/16 of the requests. Adjacent threads fetch adjacent elements, and the
// index arithmetic (two divisions per element) is done once for 16 products. The limit is now
// shared memory itself: two reads of 4 bytes for every product, of which a multiprocessor serves 32
// per clock, where it could multiply 128. The next variant keeps operands in registers.
//
// Rows of a tile are 17 elements apart, so that the 16 threads that read down a column hit 16
// banks.
#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/conv/product.cuh"
#include "kernels/cuda/device/shared.cuh"

namespace sumi::kernels::cuda {
namespace {

constexpr int kTile = 16;

struct Tiles {
  float a[kTile][kTile + 1], b[kTile][kTile + 1];
};

// Element [row, col] or 0.
template <class Matrix>
__device__ float element(const Matrix& m, int row, int col) {
  const auto* at = m.at(m.row(row), m.col(col));
  return at ? static_cast<float>(*at) : 0;
}

}  // namespace

template <class Product>
__global__ void __launch_bounds__(kTile* kTile) conv_tiled(Product product) {
  const auto part = product.part(blockIdx.z);
  const int across = (part.cols + kTile - 1) / kTile, x = static_cast<int>(threadIdx.x) % kTile;
  const int y = static_cast<int>(threadIdx.x) / kTile, block = static_cast<int>(blockIdx.x);
  const int i0 = block / across * kTile, j0 = block % across * kTile;
  if (i0 >= part.rows) return;  // another phase has more pixels
  auto& tiles = block_shared<Tiles>();
  float sum = 0;
  for (int l0 = part.begin; l0 < part.end; l0 += kTile) {
    tiles.a[y][x] = Product::kDeepA ? element(part.a, i0 + y, l0 + x) : element(part.a, l0 + y, i0 + x);
    tiles.b[y][x] = Product::kDeepB ? element(part.b, j0 + y, l0 + x) : element(part.b, l0 + y, j0 + x);
    __syncthreads();
    SUMI_UNROLL
    for (int l = 0; l < kTile; ++l)
      sum += (Product::kDeepA ? tiles.a[y][l] : tiles.a[l][y]) *
             (Product::kDeepB ? tiles.b[x][l] : tiles.b[l][x]);
    __syncthreads();  // before the tiles are overwritten
  }
  if (i0 + y < part.rows && j0 + x < part.cols) part.out.row(i0 + y).put(j0 + x, sum);
  join_tile<kTile, kTile, kTile * kTile>(product, part, i0, j0);
}

void tiled_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  const char* name = g.transposed ? "conv_transpose_dgrad_tiled" : "conv_fprop_tiled";
  dispatch_f32_bf16(g.fprop_name(), y.dtype, [&]<class T>() {
    const auto product = make_fprop<T>(g, x, w, bias, y);
    launch(e, name, conv_tiled<Fprop<T>>, grid_of(product, kTile, kTile, kTile * kTile), product);
  });
}

void tiled_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  const char* name = g.transposed ? "conv_transpose_fprop_tiled" : "conv_dgrad_tiled";
  dispatch_f32_bf16(g.dgrad_name(), dx.dtype, [&]<class T>() {
    const auto product = make_dgrad<T>(g, dy, w, bias, dx);
    launch(e, name, conv_tiled<Dgrad<T>>, grid_of(product, kTile, kTile, kTile * kTile), product);
  });
}

void tiled_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  const char* name = g.transposed ? "conv_transpose_wgrad_tiled" : "conv_wgrad_tiled";
  dispatch_f32_bf16(g.wgrad_name(), x.dtype, [&]<class T>() {
    const auto product = make_wgrad<T>(e, g, x, dy, dw, write, kTile, kTile, kTile);
    launch(e, name, conv_tiled<Wgrad<T>>, grid_of(product, kTile, kTile, kTile * kTile), product);
    join_chunks(e, product, dw, write);
  });
}

}  // namespace sumi::kernels::cuda
