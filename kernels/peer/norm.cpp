#include "kernels/peer/norm.h"

#include "kernels/elementwise.h"
#include "kernels/peer/deviation.h"
#include "kernels/peer/library.h"

namespace sumi::kernels::peer {
namespace {

constexpr float kOne = 1, kZero = 0;
// Spatial: one statistic for each channel. The persistent form is faster and overflows where values are very large.
constexpr cudnnBatchNormMode_t kMode = CUDNN_BATCHNORM_SPATIAL_PERSISTENT;

void check(const char* kernel, const NormGeom& g) {
  if (!g.is_batch()) fail(kernel, "cuDNN's batch norm has one statistic for each channel, not groups");
  if (g.eps < CUDNN_BN_MIN_EPSILON)
    fail(kernel, "cuDNN takes no eps below " + std::to_string(CUDNN_BN_MIN_EPSILON));
}

// Vectors of c numbers as cuDNN wants them, in scratch memory where sumi has them in bf16.
class Parameters {
 public:
  // `most`: how many vectors are asked for.
  Parameters(const Exec& e, std::int64_t c, int most)
      : e_(e),
        c_(c),
        next_(static_cast<float*>(e.scratch->get(static_cast<std::size_t>(c * most) * sizeof(float)))) {}

  MutView made() {
    float* const data = next_;
    next_ += c_;
    return {data, DType::f32, Shape::vector(c_), e_.device};
  }
  View read(View v) {
    if (v.dtype == DType::f32) return v;
    const MutView f32 = made();
    v.shape = f32.shape;
    cast(e_, v, f32);
    return f32;
  }
  // What cuDNN writes in place of v; give_back() afterwards.
  MutView written(MutView v) { return v.dtype == DType::f32 ? v : made(); }
  void give_back(MutView from, MutView to) const {
    if (to.dtype == DType::f32) return;
    to.shape = from.shape;
    cast(e_, from, to);
  }

 private:
  const Exec& e_;
  std::int64_t c_;
  float* next_;
};

}  // namespace

void batch_norm(const Exec& e, const NormGeom& g, View x, View gamma, View beta, MutView mean, MutView var,
                MutView y) {
  check("peer batch_norm", g);
  const cudnnHandle_t handle = cudnn_handle(e);
  const TensorDescriptor at, stats;
  set(at, x.dtype, g.x);
  SUMI_CUDNN_CALL(cudnnDeriveBNTensorDescriptor(stats, at, kMode));
  Parameters parameters(e, g.x.c, 4);
  const View scale = parameters.read(gamma), shift = parameters.read(beta);
  const MutView to_mean = parameters.written(mean), to_var = parameters.written(var);
  SUMI_CUDNN_CALL(cudnnBatchNormalizationForwardTraining(handle, kMode, &kOne, &kZero, at, x.data, at, y.data,
                                                         stats, scale.data, shift.data, 1.0, nullptr, nullptr,
                                                         g.eps, to_mean.data, to_var.data));
  variance_of_inverse(e, g.eps, to_var.as<float>(), g.x.c);
  parameters.give_back(to_mean, mean);
  parameters.give_back(to_var, var);
  e.ran("cudnn spatial persistent");
}

void batch_norm_backward(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View dy,
                         MutView dx, MutView dgamma, MutView dbeta) {
  check("peer batch_norm_backward", g);
  const cudnnHandle_t handle = cudnn_handle(e);
  const TensorDescriptor at, stats;
  set(at, x.dtype, g.x);
  SUMI_CUDNN_CALL(cudnnDeriveBNTensorDescriptor(stats, at, kMode));
  Parameters parameters(e, g.x.c, 6);
  const View scale = parameters.read(gamma), of_mean = parameters.read(mean), of_var = parameters.read(var);
  const MutView inverse = parameters.made();
  const MutView to_dgamma = parameters.written(dgamma), to_dbeta = parameters.written(dbeta);
  inverse_deviation(e, of_var.as<float>(), g.eps, inverse.as<float>(), g.x.c);
  SUMI_CUDNN_CALL(cudnnBatchNormalizationBackward(handle, kMode, &kOne, &kZero, &kOne, &kZero, at, x.data, at,
                                                  dy.data, at, dx.data, stats, scale.data, to_dgamma.data,
                                                  to_dbeta.data, g.eps, of_mean.data, inverse.data));
  parameters.give_back(to_dgamma, dgamma);
  parameters.give_back(to_dbeta, dbeta);
  e.ran("cudnn spatial persistent");
}

}  // namespace sumi::kernels::peer
