// PyTorch's layouts of parameters: convolution [out, in, r, s] for our KRSC, transposed convolution [in, out,
// r, s], dense [out, in] with flattened pictures in the order c h w where ours is h w c.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/nn.h"

namespace sumi {

// The sizes of a parameter of ours in a state_dict: [] never, vectors have one size.
std::vector<std::int64_t> torch_shape(const Shape& ours, const TorchLayout& layout);

// For every element in PyTorch's order, its index in ours. Error when a flattened picture does not have as
// many elements as the dense layer has features.
std::vector<std::int64_t> torch_order(const Shape& ours, const TorchLayout& layout);

// Values in our order -> PyTorch's, and back. Error when there are not as many as the shape has elements.
template <class T>
std::vector<T> to_torch(const std::vector<T>& values, const Shape& ours, const TorchLayout& layout);
template <class T>
std::vector<T> from_torch(const std::vector<T>& values, const Shape& ours, const TorchLayout& layout);

extern template std::vector<float> to_torch(const std::vector<float>&, const Shape&, const TorchLayout&);
extern template std::vector<double> to_torch(const std::vector<double>&, const Shape&, const TorchLayout&);
extern template std::vector<float> from_torch(const std::vector<float>&, const Shape&, const TorchLayout&);
extern template std::vector<double> from_torch(const std::vector<double>&, const Shape&, const TorchLayout&);

}  // namespace sumi
