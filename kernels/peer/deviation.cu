#include "kernels/peer/deviation.h"

#include "kernels/base/launch.h"

namespace sumi::kernels::peer {
namespace {

__global__ void to_inverse(const float* var, float eps, float* inverse, std::int64_t count) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) inverse[i] = 1.0F / sqrtf(var[i] + eps);
}
__global__ void to_variance(float eps, float* values, std::int64_t count) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) values[i] = 1.0F / (values[i] * values[i]) - eps;
}
LaunchShape shape_of(std::int64_t count) {
  return {dim3(static_cast<unsigned>((count + 127) / 128)), dim3(128)};
}

}  // namespace

void inverse_deviation(const Exec& e, const float* var, double eps, float* inverse, std::int64_t count) {
  launch(e, "peer_to_inverse", to_inverse, shape_of(count), var, eps, inverse, count);
}
void variance_of_inverse(const Exec& e, double eps, float* inverse_to_var, std::int64_t count) {
  launch(e, "peer_to_variance", to_variance, shape_of(count), eps, inverse_to_var, count);
}

}  // namespace sumi::kernels::peer
