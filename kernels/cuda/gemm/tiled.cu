// Variant 1 of matrix products: y = op(a) op(b) + bias by tiles in shared memory. It supports every
// product.
//
// A block of 16 x 16 threads computes a tile of 16 x 16 elements of one product of the batch, one
// element per thread. It walks along k in steps of 16: the threads load a 16 x 16 tile of op(a) and
// one of op(b) into shared memory, one element of each per thread, synchronize, and then each reads
// its row of one tile and its column of the other. So an element that was fetched once serves 16
// threads. (The CUDA C++ Programming Guide, "Shared Memory", multiplies matrices this way.)
//
//   thread (x, y) computes       y[batch, 16 tile_m + y, 16 tile_n + x]
//   and loads of op(a), stored [m,k]  element (row y, i x); stored [k,m] (trans_a)  (row x, i y)
//       and of   op(b), stored [k,n]  element (i y, col x); stored [n,k] (trans_b)  (i x, col y)
//
// so that the 16 threads of equal y always load adjacent elements. Outside the matrices tiles hold
// zeros.
//
// If there are few tiles and k is long (a dense layer's gradients), k is split into chunks: each
// chunk has blocks of its own, and a second kernel adds the partial sums in the order of the
// chunks. A block's number is ((batch chunks + chunk) tiles_m + tile_m) tiles_n + tile_n; one
// number, because a grid's y and z end at 65535.
//
// The limit is shared memory: each product reads two floats of it, and a multiprocessor reads 32
// per clock where it could multiply 128. The next variant keeps operands in registers.
#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/chunks.cuh"
#include "kernels/cuda/device/shared.cuh"
#include "kernels/cuda/gemm/variants.h"

namespace sumi::kernels::cuda {

inline constexpr int kGemmTile = 16;

// One column more than needed: without it the elements of a column would be in two of the 32 memory
// banks, and a store along a column would take eight wavefronts.
struct TiledOperands {
  float a[kGemmTile][kGemmTile + 1];  // [row][i]
  float b[kGemmTile][kGemmTile + 1];  // [i][col]
};

// The tile, the product, and the part of k. `chunk` counts over the whole batch: batch chunks +
// chunk.
struct GemmBlock {
  std::int64_t batch, first_row, first_col, k_begin, k_end, chunk;
};

__device__ inline GemmBlock gemm_block(const GemmGeom& g, const Chunks& chunks, std::int64_t index) {
  const std::int64_t tiles_m = (g.m + kGemmTile - 1) / kGemmTile, tiles_n = (g.n + kGemmTile - 1) / kGemmTile;
  const std::int64_t tile_n = index % tiles_n, tile_m = index / tiles_n % tiles_m;
  const std::int64_t chunk = index / (tiles_n * tiles_m) % chunks.count;
  const std::int64_t batch = index / (tiles_n * tiles_m * chunks.count), k_begin = chunk * chunks.length;
  return {batch, tile_m * kGemmTile, tile_n * kGemmTile, k_begin, min(k_begin + chunks.length, g.k), chunk};
}

// Fills both tiles with k = first .. first + 15; a and b point at this product's matrices.
template <class T>
__device__ void load_tiles(const GemmGeom& g, const GemmBlock& at, std::int64_t first, const T* a, const T* b,
                           TiledOperands& tiles) {
  const unsigned x = threadIdx.x, y = threadIdx.y;
  const unsigned a_row = g.trans_a ? x : y, a_i = g.trans_a ? y : x;
  const unsigned b_col = g.trans_b ? y : x, b_i = g.trans_b ? x : y;
  const std::int64_t row = at.first_row + a_row, a_k = first + a_i;
  const std::int64_t col = at.first_col + b_col, b_k = first + b_i;
  const bool a_inside = row < g.m && a_k < at.k_end, b_inside = col < g.n && b_k < at.k_end;
  tiles.a[a_row][a_i] = a_inside ? static_cast<float>(a[g.trans_a ? a_k * g.m + row : row * g.k + a_k]) : 0;
  tiles.b[b_i][b_col] = b_inside ? static_cast<float>(b[g.trans_b ? col * g.k + b_k : b_k * g.n + col]) : 0;
}

// `to` is y, or the partial sums [chunks, batch, m, n] in f32. The first chunk adds the bias.
template <class T, class To>
__global__ void gemm_tiled(GemmGeom g, Chunks chunks, const T* a, const T* b, const T* bias, To* to,
                           bool add) {
  auto& tiles = block_shared<TiledOperands>();
  const GemmBlock at = gemm_block(g, chunks, blockIdx.x);
  a += (g.a_batch == 1 ? 0 : at.batch) * g.m * g.k;
  b += (g.b_batch == 1 ? 0 : at.batch) * g.k * g.n;
  const std::int64_t row = at.first_row + threadIdx.y, col = at.first_col + threadIdx.x;
  const bool inside = row < g.m && col < g.n;
  float sum = bias && inside && at.chunk == 0 ? static_cast<float>(bias[col]) : 0;
  for (std::int64_t k = at.k_begin; k < at.k_end; k += kGemmTile) {
    load_tiles(g, at, k, a, b, tiles);
    __syncthreads();
    for (int i = 0; i < kGemmTile; ++i) sum += tiles.a[threadIdx.y][i] * tiles.b[i][threadIdx.x];
    __syncthreads();  // before the next step overwrites the tiles
  }
  if (inside) store(to[((at.chunk * g.batch + at.batch) * g.m + row) * g.n + col], sum, add);
}

void tiled_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  const std::int64_t tiles =
      g.batch * ((g.m + kGemmTile - 1) / kGemmTile) * ((g.n + kGemmTile - 1) / kGemmTile);
  // At least two blocks for each multiprocessor of a large GPU, each with at least eight steps.
  const Chunks chunks = make_chunks(g.k, tiles, 264, 8 * kGemmTile, kGemmTile);
  const LaunchShape shape{dim3(static_cast<unsigned>(tiles * chunks.count)), dim3(kGemmTile, kGemmTile)};
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16("gemm", y.dtype, [&]<class T>() {
    const T* bias_data = bias ? bias.as<T>() : nullptr;
    if (chunks.count == 1)
      return launch(e, "gemm_tiled", gemm_tiled<T, T>, shape, g, chunks, a.as<T>(), b.as<T>(), bias_data,
                    y.as<T>(), add);
    const std::int64_t count = y.count();
    const auto bytes = static_cast<std::size_t>(chunks.count * count) * sizeof(float);
    auto* partial = static_cast<float*>(e.scratch->get(bytes));
    launch(e, "gemm_tiled", gemm_tiled<T, float>, shape, g, chunks, a.as<T>(), b.as<T>(), bias_data, partial,
           false);
    launch(e, "sum_chunks", sum_chunks<T>, {element_grid(count), kElementBlock}, chunks.count, count, partial,
           y.as<T>(), add);
  });
}

}  // namespace sumi::kernels::cuda
