#include "models/objectives/latent.h"

#include <fmt/format.h>

#include <charconv>

#include "models/training/rng_streams.h"

namespace sumi {
namespace {

constexpr int kMostComponents = 4096;
constexpr double kSpread = 0.5;

// K for "gmm:K", 0 for the others.
int components_of(const std::string& kind) {
  if (kind == "normal" || kind == "uniform") return 0;
  int count = 0;
  const char *first = kind.data() + 4, *last = kind.data() + kind.size();
  if (kind.starts_with("gmm:") && std::from_chars(first, last, count).ptr == last && count >= 1 &&
      count <= kMostComponents)
    return count;
  fail("--latent",
       fmt::format("unknown '{}'; use normal, uniform, or gmm:K with K from 1 to {}", kind, kMostComponents));
}

}  // namespace

void check_latent(const std::string& kind) {
  components_of(kind);
}

Latent::Latent(const std::string& kind, int nz, std::uint64_t seed, DType dtype, const Device& device)
    : uniform_(kind == "uniform"), components_(components_of(kind)), nz_(nz), dtype_(dtype), device_(device) {
  if (components_ == 0) return;
  RandomStream stream(seed, stream_number(RngStream::latent_centers));
  centers_ = stream.normal(Shape::matrix(components_, nz), dtype, device);
}

// Made by ops so that a captured step can contain it. u selects the kind: it is above the lower
// bound of that kind's share of [0, 1), and not above the next bound.
Tensor random_one_hot(std::int64_t n, std::int64_t kinds, RandomStream& stream, DType dtype,
                      const Device& device) {
  const Tensor u = stream.uniform({n, 1, 1, 1}, dtype, device, 0, static_cast<double>(kinds));
  std::vector<Tensor> columns;
  Tensor above;  // u >= 1, 2, ...
  for (std::int64_t kind = 0; kind < kinds; ++kind) {
    const Tensor below = heaviside(affine(u, -1, static_cast<double>(kind + 1)));  // u < kind + 1
    const bool last = kind == kinds - 1;
    const Tensor under = last ? Tensor::full(u.shape(), 1, dtype, device) : below;
    columns.push_back(above ? sub(under, above) : under);
    above = under;
  }
  return concat(columns, 3);
}

Tensor Latent::draw(std::int64_t n, RandomStream& stream) const {
  const Shape shape = Shape::matrix(n, nz_);
  if (uniform_) return stream.uniform(shape, dtype_, device_, -1, 1);
  if (components_ == 0) return stream.normal(shape, dtype_, device_);
  const Tensor one_hot = random_one_hot(n, components_, stream, dtype_, device_);
  return add(matmul(one_hot, centers_), stream.normal(shape, dtype_, device_, 0, kSpread));
}

}  // namespace sumi
