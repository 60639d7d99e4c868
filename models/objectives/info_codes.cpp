#include "models/objectives/info_codes.h"

#include "models/objectives/latent.h"

namespace sumi {

Tensor InfoCodes::draw(std::int64_t n, RandomStream& stream, DType dtype, const Device& device) const {
  std::vector<Tensor> parts;
  if (categories > 0) parts.push_back(random_one_hot(n, categories, stream, dtype, device));
  if (continuous > 0) parts.push_back(stream.uniform(Shape::matrix(n, continuous), dtype, device, -1, 1));
  return concat(parts, 3);
}

Tensor InfoCodes::loss(const Tensor& head, const Tensor& codes) const {
  const std::int64_t n = codes.shape().n;
  const auto columns = [&](const Tensor& t, int first, int count) {
    return slice(t, {0, 0, 0, first}, Shape::matrix(n, count));
  };
  Tensor sum;
  if (categories > 0) sum = cross_entropy(columns(head, 0, categories), columns(codes, 0, categories));
  if (continuous == 0) return sum;
  const Tensor wanted = columns(codes, categories, continuous), guess = columns(head, categories, continuous);
  const Tensor unit = Tensor::zeros(wanted.shape(), wanted.dtype(), wanted.device());
  const Tensor lost = affine(gaussian_nll(wanted, guess, unit), continuous);
  return sum ? add(sum, lost) : lost;
}

}  // namespace sumi
