#include "kernels/peer/norm.h"

#include "kernels/peer/deviation.h"
#include "kernels/peer/library.h"

namespace sumi::kernels::peer {
namespace {

constexpr float kOne = 1, kZero = 0;
// Spatial: one statistic per channel. The persistent mode is faster and overflows for very large
// values.
constexpr cudnnBatchNormMode_t kMode = CUDNN_BATCHNORM_SPATIAL_PERSISTENT;

void check(const char* kernel, const NormGeom& g) {
  if (!g.is_batch()) fail(kernel, "cuDNN's batch norm has one statistic for each channel, not groups");
  if (g.eps < CUDNN_BN_MIN_EPSILON)
    fail(kernel, "cuDNN takes no eps below " + std::to_string(CUDNN_BN_MIN_EPSILON));
}

}  // namespace

void batch_norm(const Exec& e, const NormGeom& g, View x, View gamma, View beta, MutView mean, MutView var,
                MutView y) {
  check("peer batch_norm", g);
  const cudnnHandle_t handle = cudnn_handle(e);
  const TensorDescriptor at, stats;
  set(at, x.dtype, g.x);
  SUMI_CUDNN_CALL(cudnnDeriveBNTensorDescriptor(stats, at, kMode));
  SUMI_CUDNN_CALL(cudnnBatchNormalizationForwardTraining(handle, kMode, &kOne, &kZero, at, x.data, at, y.data,
                                                         stats, gamma.data, beta.data, 1.0, nullptr, nullptr,
                                                         g.eps, mean.data, var.data));
  variance_of_inverse(e, g.eps, var.as<float>(), g.x.c);
  e.ran("cudnn spatial persistent");
}

void batch_norm_backward(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View dy,
                         MutView dx, MutView dgamma, MutView dbeta) {
  check("peer batch_norm_backward", g);
  const cudnnHandle_t handle = cudnn_handle(e);
  const TensorDescriptor at, stats;
  set(at, x.dtype, g.x);
  SUMI_CUDNN_CALL(cudnnDeriveBNTensorDescriptor(stats, at, kMode));
  auto* const inverse = static_cast<float*>(e.scratch->get(static_cast<std::size_t>(g.x.c) * sizeof(float)));
  inverse_deviation(e, var.as<float>(), g.eps, inverse, g.x.c);
  SUMI_CUDNN_CALL(cudnnBatchNormalizationBackward(handle, kMode, &kOne, &kZero, &kOne, &kZero, at, x.data, at,
                                                  dy.data, at, dx.data, stats, gamma.data, dgamma.data,
                                                  dbeta.data, g.eps, mean.data, inverse));
  e.ran("cudnn spatial persistent");
}

}  // namespace sumi::kernels::peer
