#include "models/options/options.h"

#include "engine/runtime/device.h"

namespace sumi {

std::int64_t images_per_step(const TrainOptions& o) {
  return std::int64_t{o.batch_size} * o.n_critic * o.accumulate;
}

DType dtype_of(const TrainOptions& o) {
  return o.precision == "f64" ? DType::f64 : DType::f32;
}

DType activations_of(const TrainOptions& o) {
  return o.precision == "bf16" ? DType::bf16 : dtype_of(o);
}

bool fit_precision(TrainOptions& o) {
  const Device device = parse_device(o.device);
  const bool of_cuda = o.precision == "tf32" || o.precision == "3xtf32";
  if (!(o.precision == "f64" && !device.is_ref()) && !(of_cuda && device.on_host())) return false;
  o.precision = "auto";
  return true;
}

}  // namespace sumi
