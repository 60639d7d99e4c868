#include "engine/serialize/torch_layout.h"

#include "kernels/base/check.h"

namespace sumi {
namespace {

using Kind = TorchLayout::Kind;

// For every feature of a flattened image in the order c h w, its index in the order h w c. Identity
// if the features are not an image.
std::vector<std::int64_t> feature_order(std::int64_t features, const Shape& image) {
  std::vector<std::int64_t> order;
  order.reserve(static_cast<std::size_t>(features));
  if (image.c == 0) {
    for (std::int64_t i = 0; i < features; ++i) order.push_back(i);
    return order;
  }
  if (image.h * image.w * image.c != features)
    fail("torch layout",
         "an image " + image.str() + " does not flatten to " + std::to_string(features) + " features");
  for (std::int64_t c = 0; c < image.c; ++c)
    for (std::int64_t h = 0; h < image.h; ++h)
      for (std::int64_t w = 0; w < image.w; ++w) order.push_back((h * image.w + w) * image.c + c);
  return order;
}

void check_value_count(std::size_t values, const Shape& ours) {
  if (values != static_cast<std::size_t>(ours.count()))
    fail("torch layout", std::to_string(values) + " values for a parameter of shape " + ours.str());
}

}  // namespace

std::vector<std::int64_t> torch_shape(const Shape& ours, const TorchLayout& layout) {
  switch (layout.kind) {
    case Kind::vector:
      return {ours.count()};
    case Kind::dense:
      return {ours.n, ours.h * ours.w * ours.c};
    default:  // both convolutions keep n first; channels move before the filter's rows
      return {ours.n, ours.c, ours.h, ours.w};
  }
}

std::vector<std::int64_t> torch_order(const Shape& ours, const TorchLayout& layout) {
  if (layout.kind == Kind::vector) return feature_order(ours.count(), layout.flat_out);
  const std::int64_t row = ours.h * ours.w * ours.c;
  std::vector<std::int64_t> outer, inner;
  if (layout.kind == Kind::dense) {
    outer = feature_order(ours.n, layout.flat_out);
    inner = feature_order(row, layout.flat_in);
  } else {
    outer = feature_order(ours.n, {1, 1, 1, 0});
    inner = feature_order(row, ours);
  }
  std::vector<std::int64_t> order;
  order.reserve(static_cast<std::size_t>(ours.count()));
  for (const auto o : outer)
    for (const auto i : inner) order.push_back(o * row + i);
  return order;
}

template <class T>
std::vector<T> to_torch(const std::vector<T>& values, const Shape& ours, const TorchLayout& layout) {
  check_value_count(values.size(), ours);
  const auto order = torch_order(ours, layout);
  std::vector<T> result(values.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = values[static_cast<std::size_t>(order[i])];
  return result;
}

template <class T>
std::vector<T> from_torch(const std::vector<T>& values, const Shape& ours, const TorchLayout& layout) {
  check_value_count(values.size(), ours);
  std::vector<T> result(values.size());
  if (layout.kind == Kind::conv || layout.kind == Kind::conv_transpose) {
    // Nearly all weights are filters: without the list of indices they load twice as fast.
    const std::int64_t window = ours.h * ours.w;
    const T* next = values.data();
    for (std::int64_t n = 0; n < ours.n; ++n)
      for (std::int64_t c = 0; c < ours.c; ++c)
        for (std::int64_t i = 0; i < window; ++i)
          result[static_cast<std::size_t>((n * window + i) * ours.c + c)] = *next++;
    return result;
  }
  const auto order = torch_order(ours, layout);
  for (std::size_t i = 0; i < result.size(); ++i) result[static_cast<std::size_t>(order[i])] = values[i];
  return result;
}

template std::vector<float> to_torch(const std::vector<float>&, const Shape&, const TorchLayout&);
template std::vector<double> to_torch(const std::vector<double>&, const Shape&, const TorchLayout&);
template std::vector<float> from_torch(const std::vector<float>&, const Shape&, const TorchLayout&);
template std::vector<double> from_torch(const std::vector<double>&, const Shape&, const TorchLayout&);

}  // namespace sumi
