// Power iteration. Both matrix-vector products are sums over rows in two kernels each (sums.cuh
// assigns the work): down the columns for W^T u, along each row for W v. Norms and the last scalar
// product are computed by one block, for vectors as long as a weight has rows or columns.
#include "kernels/spectral_norm.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/sums.cuh"

namespace sumi::kernels::cuda {

inline constexpr unsigned kVectorBlock = 256;

// Element i of the matrix times its row's element of u.
template <class T>
struct TimesRow {
  const T *w, *u;
  std::int64_t columns;
  __device__ float operator()(std::int64_t i) const {
    return static_cast<float>(w[i]) * static_cast<float>(u[i / columns]);
  }
};
// Element i of the matrix times its column's element of v.
template <class T>
struct TimesColumn {
  const T *w, *v;
  std::int64_t columns;
  __device__ float operator()(std::int64_t i) const {
    return static_cast<float>(w[i]) * static_cast<float>(v[i % columns]);
  }
};

// Calls f(i) for this thread's share of [0, count). One block.
template <class F>
__device__ void for_each_of_block(std::int64_t count, F&& f) {
  for (std::int64_t i = threadIdx.x; i < count; i += blockDim.x) f(i);
}

// y = x / max(|x|, eps)
template <class T>
__global__ void normalize_vector(std::int64_t count, const float* x, double eps, T* y) {
  double squares = 0;
  for_each_of_block(count, [&](std::int64_t i) { squares += static_cast<double>(x[i]) * x[i]; });
  const double norm = sqrt(block_sum(squares));
  const double divisor = norm > eps ? norm : eps;
  for_each_of_block(count, [&](std::int64_t i) { y[i] = T(static_cast<float>(x[i] / divisor)); });
}

// *y = the sum of a * b
template <class T>
__global__ void scalar_product(std::int64_t count, const T* a, const float* b, T* y) {
  double sum = 0;
  for_each_of_block(count,
                    [&](std::int64_t i) { sum += static_cast<double>(static_cast<float>(a[i])) * b[i]; });
  sum = block_sum(sum);
  if (threadIdx.x == 0) *y = T(static_cast<float>(sum));
}

void spectral_norm(const Exec& e, View w, bool update, double eps, MutView u, MutView v, MutView sigma) {
  const std::int64_t rows = u.count(), columns = v.count();
  const RowChunks down(1, rows, columns), along(rows, columns, 1);
  const std::int64_t longest = rows > columns ? rows : columns;
  const std::int64_t partials = down.partials() > along.partials() ? down.partials() : along.partials();
  auto* const x =
      static_cast<float*>(e.scratch->get(static_cast<std::size_t>(longest + partials) * sizeof(float)));
  float* const partial = x + longest;
  const LaunchShape block{dim3(1), dim3(kVectorBlock)};
  dispatch_f32_bf16("spectral_norm", w.dtype, [&]<class T>() {
    const T* const ws = w.as<T>();
    if (update) {
      sum_rows(e, down, TimesRow<T>{ws, u.as<T>(), columns}, partial, 1, x, false);
      launch(e, "normalize_vector", normalize_vector<T>, block, columns, x, eps, v.as<T>());
    }
    sum_rows(e, along, TimesColumn<T>{ws, v.as<T>(), columns}, partial, 1, x, false);
    if (update) launch(e, "normalize_vector", normalize_vector<T>, block, rows, x, eps, u.as<T>());
    launch(e, "scalar_product", scalar_product<T>, block, rows, u.as<T>(), x, sigma.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
