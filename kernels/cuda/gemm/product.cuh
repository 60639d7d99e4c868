// A batched matrix product in the form that the kernels of kernels/cuda/product take. Parts are the
// products of the batch, each split into chunks of the depth k.
#pragma once

#include "kernels/cuda/gemm/variants.h"
#include "kernels/cuda/product/dense.cuh"
#include "kernels/cuda/product/part.cuh"

namespace sumi::kernels::cuda {

// The depth runs along the columns of a as it is stored, unless a is transposed; of b only if b is
// transposed.
template <class T, bool kTransA, bool kTransB>
struct GemmProduct {
  using Element = T;
  static constexpr bool kDeepA = !kTransA, kDeepB = kTransB;
  Part<Operand<T>, Operand<T>, RowsOut<T>> of_batch;
  std::int64_t a_step, b_step,
      y_step;  // stride between products of the batch; 0 if they share the operand
  int batch, chunks, chunk_length;

  unsigned parts() const { return static_cast<unsigned>(batch * chunks); }
  const auto& largest() const { return of_batch; }
  __device__ auto part(unsigned z) const {
    auto p = of_batch;
    const int at = static_cast<int>(z) % batch, chunk = static_cast<int>(z) / batch;
    p.begin = chunk * chunk_length;
    p.end = min(p.end, p.begin + chunk_length);
    (kDeepA ? p.a.cols : p.a.rows) = p.end;
    (kDeepB ? p.b.cols : p.b.rows) = p.end;
    p.a.data += at * a_step;
    p.b.data += at * b_step;
    p.out.data += at * y_step;
    if (p.out.partial) p.out.partial += (std::int64_t{chunk} * batch + at) * y_step;
    if (chunk > 0) p.out.bias = nullptr;  // the first chunk adds it
    return p;
  }
};

// vector: how many elements a kernel reads at a time where possible; chunks of the depth are
// multiples of `step`.
template <class T, bool kTransA, bool kTransB>
GemmProduct<T, kTransA, kTransB> make_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias,
                                           MutView y, Write write, int tile_rows, int tile_cols, int step,
                                           int vector) {
  const auto i = [](std::int64_t value) { return static_cast<int>(value); };
  const auto operand = [&](View v, std::int64_t rows, std::int64_t cols) {
    const bool vectors =
        cols % vector == 0 &&
        reinterpret_cast<std::uintptr_t>(v.data) % (sizeof(T) * static_cast<std::size_t>(vector)) == 0;
    return Operand<T>{{v.as<T>(), i(rows), i(cols), i(cols)}, vectors};
  };
  // At least two blocks for each multiprocessor of a large GPU, each with at least eight steps.
  const Chunks chunks =
      make_chunks(g.k, g.batch * tile_count(g.m, g.n, tile_rows, tile_cols), 264, 8 * step, step);
  const RowsOut<T> out{y.as<T>(),
                       partial_sums(e, chunks.count, y.count()),
                       bias ? bias.as<T>() : nullptr,
                       i(g.n),
                       write == Write::accumulate,
                       rows_take_four(y.as<T>(), g.n)};
  return {{kTransA ? operand(a, g.k, g.m) : operand(a, g.m, g.k),
           kTransB ? operand(b, g.n, g.k) : operand(b, g.k, g.n), out, i(g.m), i(g.n), 0, i(g.k)},
          g.a_batch == 1 ? 0 : g.m * g.k,
          g.b_batch == 1 ? 0 : g.k * g.n,
          g.m * g.n,
          i(g.batch),
          i(chunks.count),
          i(chunks.length)};
}

template <class Product>
void join_chunks(const Exec& e, const Product& product, MutView y) {
  const auto& out = product.of_batch.out;
  join_chunks(e, product.chunks, y.count(), out.partial, out.data, out.add);
}

// Calls call.operator()<trans_a, trans_b>().
template <class Call>
void dispatch_transposed(const GemmGeom& g, Call&& call) {
  if (g.trans_a && g.trans_b) return call.template operator()<true, true>();
  if (g.trans_a) return call.template operator()<true, false>();
  if (g.trans_b) return call.template operator()<false, true>();
  call.template operator()<false, false>();
}

}  // namespace sumi::kernels::cuda
