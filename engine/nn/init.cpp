// Weight initialization. Values are drawn in f32 by the host's generator, so every device and dtype
// starts with the same ones.
#include <fmt/format.h>

#include <cmath>

#include "engine/nn.h"

namespace sumi {
namespace {

using Kind = TorchLayout::Kind;

struct Fans {
  double in, out;
};

Fans fans(const Parameter& p) {
  const Shape s = p.value.shape();
  const auto window = static_cast<double>(s.h * s.w);
  // PyTorch counts dimension 1 as input and 0 as output, also for transposed convolutions.
  return {static_cast<double>(s.c) * window, static_cast<double>(s.n) * window};
}

// Modified Gram-Schmidt over the shorter side of the matrix [n, h w c].
std::vector<double> orthogonal(const Shape& s, double gain, RandomStream& stream) {
  const std::int64_t rows = s.n, cols = s.h * s.w * s.c;
  const std::int64_t count = std::min(rows, cols), length = std::max(rows, cols);
  const std::vector<double> draws =
      stream.normal(Shape::matrix(count, length), DType::f32, Device{}).to_vector<double>();
  std::vector<double> q = draws;
  for (std::int64_t i = 0; i < count; ++i) {
    double* v = &q[static_cast<std::size_t>(i * length)];
    for (std::int64_t j = 0; j < i; ++j) {
      const double* u = &q[static_cast<std::size_t>(j * length)];
      double dot = 0;
      for (std::int64_t k = 0; k < length; ++k) dot += u[k] * v[k];
      for (std::int64_t k = 0; k < length; ++k) v[k] -= dot * u[k];
    }
    double norm = 0;
    for (std::int64_t k = 0; k < length; ++k) norm += v[k] * v[k];
    const double scale = norm > 0 ? 1 / std::sqrt(norm) : 0;
    for (std::int64_t k = 0; k < length; ++k) v[k] *= scale;
  }
  std::vector<double> w(q.size());
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t k = 0; k < length; ++k)
      w[static_cast<std::size_t>(rows <= cols ? i * length + k : k * count + i)] =
          gain * q[static_cast<std::size_t>(i * length + k)];
  return w;
}

void initialize_weight(const Parameter& p, const InitOptions& o, RandomStream& stream) {
  const Shape s = p.value.shape();
  const Fans f = fans(p);
  if (p.init_scale == 0) return p.value.assign(Tensor::zeros(s, DType::f32, Device{}));
  const double gain = o.gain * p.init_scale;
  const auto normal = [&](double std) { p.value.assign(stream.normal(s, DType::f32, Device{}, 0, std)); };
  if (o.type == "normal") return normal(gain);
  if (o.type == "xavier") return normal(gain * std::sqrt(2 / (f.in + f.out)));
  if (o.type == "kaiming") return normal(gain * std::sqrt(2 / f.in));
  if (o.type == "xavier-uniform") {
    const double a = gain * std::sqrt(6 / (f.in + f.out));
    return p.value.assign(stream.uniform(s, DType::f32, Device{}, -a, a));
  }
  if (o.type == "orthogonal") return p.value.assign(orthogonal(s, gain, stream));
  fail("init",
       fmt::format("unknown --init-type '{}'; use normal, xavier, xavier-uniform, kaiming or orthogonal",
                   o.type));
}

}  // namespace

void initialize(const Module& module, const InitOptions& o, RandomStream& stream) {
  for (const Parameter& p : module.parameters()) {
    if (p.layout.kind != Kind::vector) {
      initialize_weight(p, o, stream);
    } else if (p.name.ends_with(".weight")) {  // gamma of a norm
      if (o.type == "normal")
        p.value.assign(stream.normal(p.value.shape(), DType::f32, Device{}, 1, o.gain));
      else
        p.value.assign(Tensor::full(p.value.shape(), 1, DType::f32, Device{}));
    } else {
      p.value.assign(Tensor::zeros(p.value.shape(), DType::f32, Device{}));
    }
  }
}

}  // namespace sumi
