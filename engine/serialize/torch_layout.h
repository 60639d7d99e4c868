// PyTorch's parameter layouts: convolution [out, in, r, s] for KRSC, transposed convolution [in,
// out, r, s], dense [out, in] with flattened images in the order c h w instead of h w c.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/nn.h"

namespace sumi {

// The shape of one of sumi's parameters in a state_dict. Never []; vectors have one dimension.
std::vector<std::int64_t> torch_shape(const Shape& ours, const TorchLayout& layout);

// For every element in PyTorch's order, its index in sumi's. Throws Error if the number of elements
// of a flattened image differs from the dense layer's number of features.
std::vector<std::int64_t> torch_order(const Shape& ours, const TorchLayout& layout);

// Converts values from sumi's order to PyTorch's, and back. Throws Error if the count is not the
// shape's.
template <class T>
std::vector<T> to_torch(const std::vector<T>& values, const Shape& ours, const TorchLayout& layout);
template <class T>
std::vector<T> from_torch(const std::vector<T>& values, const Shape& ours, const TorchLayout& layout);

extern template std::vector<float> to_torch(const std::vector<float>&, const Shape&, const TorchLayout&);
extern template std::vector<double> to_torch(const std::vector<double>&, const Shape&, const TorchLayout&);
extern template std::vector<float> from_torch(const std::vector<float>&, const Shape&, const TorchLayout&);
extern template std::vector<double> from_torch(const std::vector<double>&, const Shape&, const TorchLayout&);

}  // namespace sumi
