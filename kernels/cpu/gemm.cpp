// Batched matrix product by the native blocked product; matrix times vector by dot products.
#include "kernels/gemm.h"

#include "kernels/cpu/product.h"

namespace sumi::kernels::cpu {
namespace {

// y[i] (+)= the product of row i with b, for one column and contiguous rows. Sixteen partial sums,
// joined in order.
void dot_rows(const GemmGeom& g, const float* a, const float* b, const float* bias, float* y, bool add) {
  for_range(g.m, g.k, [=](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i) {
      const float* row = a + i * g.k;
      double sum = 0;
      for (i64 k0 = 0; k0 < g.k; k0 += 1024) {
        float part[16] = {};
        const i64 k1 = std::min(k0 + 1024, g.k);
        i64 k = k0;
        for (; k + 16 <= k1; k += 16)
          for (int j = 0; j < 16; ++j) part[j] += row[k + j] * b[k + j];
        for (; k < k1; ++k) part[0] += row[k] * b[k];
        for (const float p : part) sum += p;
      }
      y[i] = static_cast<float>(sum + (bias ? bias[0] : 0.0F) + (add ? y[i] : 0.0F));
    }
  });
}

void gemm_f32(const Exec& e, const GemmGeom& g, const float* a, const float* b, const float* bias, float* y,
              bool add) {
  if (g.m == 0 || g.n == 0) return;
  if (g.batch == 1 && g.n == 1 && !g.trans_a) {
    e.ran("own dot");
    return dot_rows(g, a, b, bias, y, add);
  }
  e.ran("own gemm");
  const auto batch = static_cast<std::size_t>(g.batch);
  std::vector<RowsOperand> rows;
  std::vector<TransposedOperand> columns;
  std::vector<ColumnsOperand> rights;
  std::vector<DenseOutput> outs;
  std::vector<Product> products(batch);
  rows.reserve(batch);
  columns.reserve(batch);
  rights.reserve(batch);
  outs.reserve(batch);
  for (std::size_t i = 0; i < batch; ++i) {
    const auto at = static_cast<i64>(i);
    const float* ai = a + (g.a_batch == 1 ? 0 : at * g.m * g.k);
    const float* bi = b + (g.b_batch == 1 ? 0 : at * g.k * g.n);
    rows.emplace_back(ai, g.k);
    columns.emplace_back(ai, g.m);
    rights.emplace_back(bi, g.trans_b ? g.k : g.n, g.trans_b);
    outs.emplace_back(y + at * g.m * g.n, g.n);
    const LeftOperand* left = &rows.back();
    if (g.trans_a) left = &columns.back();
    products[i] = {g.m, g.n, 1, g.k, left, &rights.back(), &outs.back(), bias, add};
  }
  run_products(products);
}

}  // namespace

void gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  const bool add = write == Write::accumulate;
  if (y.dtype == DType::f32) {
    return gemm_f32(e, g, a.as<float>(), b.as<float>(), bias ? bias.as<float>() : nullptr, y.as<float>(),
                    add);
  }
  Workspace w(e);
  const auto a32 = w.add<float>(a.count()), b32 = w.add<float>(b.count());
  const auto bias32 = w.add<float>(bias.count()), y32 = w.add<float>(y.count());
  w.allocate();
  load_f32("gemm", a, w.at<float>(a32));
  load_f32("gemm", b, w.at<float>(b32));
  if (bias) load_f32("gemm", bias, w.at<float>(bias32));
  if (add) load_f32("gemm", y, w.at<float>(y32));
  gemm_f32(e, g, w.at<float>(a32), w.at<float>(b32), bias ? w.at<float>(bias32) : nullptr, w.at<float>(y32),
           add);
  store_f32("gemm", w.at<float>(y32), y);
}

}  // namespace sumi::kernels::cpu
