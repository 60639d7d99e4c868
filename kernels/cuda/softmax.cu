// Softmax and cross-entropy, one warp per row of channels. Each lane processes every 32nd channel,
// and the lanes' results are combined by shuffles in a fixed order.
#include "kernels/softmax.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/reduce.cuh"

namespace sumi::kernels::cuda {

inline constexpr unsigned kRowWarps = 8;  // rows that a block processes side by side

inline LaunchShape row_launch(std::int64_t rows) {
  const std::int64_t blocks = (rows + kRowWarps - 1) / kRowWarps;
  return {dim3(static_cast<unsigned>(blocks < 4096 ? blocks : 4096)), dim3(32 * kRowWarps)};
}

// Calls f(row) for this warp's share of [0, rows), on all lanes.
template <class F>
__device__ void for_each_row(std::int64_t rows, F&& f) {
  const std::int64_t first = std::int64_t{blockIdx.x} * kRowWarps + threadIdx.x / 32;
  for (std::int64_t row = first; row < rows; row += std::int64_t{gridDim.x} * kRowWarps) f(row);
}

// The maximum over the 32 lanes, in every lane. All lanes must call it.
__device__ inline float warp_max(float value) {
  for (int distance = 16; distance > 0; distance /= 2)
    value = fmaxf(value, __shfl_xor_sync(kWholeWarp, value, distance));
  return value;
}

// The reductions of a row that softmax needs, in every lane. fmaxf ignores NaN; the sum then
// contains it.
struct RowSums {
  float largest, sum;  // of x, and of exp(x - largest)
};
template <class T>
__device__ RowSums row_sums(const T* x, std::int64_t c) {
  const unsigned lane = threadIdx.x % 32;
  RowSums row{-INFINITY, 0};
  for (std::int64_t i = lane; i < c; i += 32) row.largest = fmaxf(row.largest, static_cast<float>(x[i]));
  row.largest = warp_max(row.largest);
  for (std::int64_t i = lane; i < c; i += 32) row.sum += expf(static_cast<float>(x[i]) - row.largest);
  row.sum = warp_sum(row.sum);
  return row;
}

template <class T>
__global__ void softmax_rows(std::int64_t rows, std::int64_t c, const T* x, T* y) {
  for_each_row(rows, [=](std::int64_t row) {
    const RowSums sums = row_sums(x + row * c, c);
    for (std::int64_t i = row * c + threadIdx.x % 32; i < (row + 1) * c; i += 32)
      y[i] = T(expf(static_cast<float>(x[i]) - sums.largest) / sums.sum);
  });
}

template <class T>
__global__ void softmax_grad_rows(std::int64_t rows, std::int64_t c, const T* y, const T* dy, T* dx,
                                  bool add) {
  for_each_row(rows, [=](std::int64_t row) {
    const std::int64_t first = row * c + threadIdx.x % 32, end = (row + 1) * c;
    float sum = 0;
    for (std::int64_t i = first; i < end; i += 32)
      sum += static_cast<float>(y[i]) * static_cast<float>(dy[i]);
    sum = warp_sum(sum);
    for (std::int64_t i = first; i < end; i += 32)
      store(dx[i], static_cast<float>(y[i]) * (static_cast<float>(dy[i]) - sum), add);
  });
}

// Writes losses[row], and dx if it is not null.
template <class T>
__global__ void cross_entropy_rows(std::int64_t rows, std::int64_t c, const T* x, const T* t, float* losses,
                                   T* dx) {
  for_each_row(rows, [=](std::int64_t row) {
    const RowSums sums = row_sums(x + row * c, c);
    const float log_sum = logf(sums.sum);
    const std::int64_t first = row * c + threadIdx.x % 32, end = (row + 1) * c;
    float loss = 0, weight = 0;
    for (std::int64_t i = first; i < end; i += 32) {
      const auto p = static_cast<float>(t[i]);
      weight += p;
      if (p != 0) loss += p * (log_sum - (static_cast<float>(x[i]) - sums.largest));
    }
    loss = warp_sum(loss);
    weight = warp_sum(weight);
    if (threadIdx.x % 32 == 0) losses[row] = loss;
    if (!dx) return;
    const auto count = static_cast<float>(rows);
    for (std::int64_t i = first; i < end; i += 32) {
      const float share = expf(static_cast<float>(x[i]) - sums.largest) / sums.sum;
      dx[i] = T((share * weight - static_cast<float>(t[i])) / count);
    }
  });
}

// One block: each thread adds every 256th loss, then the block adds the threads' sums.
template <class T>
__global__ void cross_entropy_mean(std::int64_t rows, const float* losses, T* y) {
  float sum = 0;
  for (std::int64_t row = threadIdx.x; row < rows; row += blockDim.x) sum += losses[row];
  sum = block_sum(sum);
  if (threadIdx.x == 0) *y = T(sum / static_cast<float>(rows));
}

void softmax(const Exec& e, View x, MutView y) {
  if (x.count() == 0) return;
  const std::int64_t c = x.shape.c, rows = x.count() / c;
  dispatch_f32_bf16("softmax", x.dtype, [&]<class T>() {
    launch(e, "softmax", softmax_rows<T>, row_launch(rows), rows, c, x.as<T>(), y.as<T>());
  });
}

void softmax_grad(const Exec& e, View y, View dy, MutView dx, Write write) {
  if (y.count() == 0) return;
  const std::int64_t c = y.shape.c, rows = y.count() / c;
  dispatch_f32_bf16("softmax_grad", y.dtype, [&]<class T>() {
    launch(e, "softmax_grad", softmax_grad_rows<T>, row_launch(rows), rows, c, y.as<T>(), dy.as<T>(),
           dx.as<T>(), write == Write::accumulate);
  });
}

void cross_entropy(const Exec& e, View x, View t, MutView y, MutView dx) {
  const std::int64_t c = x.shape.c, rows = x.count() / c;
  auto* losses = static_cast<float*>(e.scratch->get(static_cast<std::size_t>(rows) * sizeof(float)));
  dispatch_f32_bf16("cross_entropy", x.dtype, [&]<class T>() {
    launch(e, "cross_entropy", cross_entropy_rows<T>, row_launch(rows), rows, c, x.as<T>(), t.as<T>(), losses,
           dx ? dx.as<T>() : nullptr);
    launch(e, "cross_entropy_mean", cross_entropy_mean<T>, {dim3(1), dim3(kElementBlock)}, rows, losses,
           y.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
