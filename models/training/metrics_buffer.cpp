#include "models/training/metrics_buffer.h"

namespace sumi {

void MetricsBuffer::push(std::int64_t step, const Tensor& numbers) {
  if (!numbers_)
    numbers_ = Tensor::empty({static_cast<std::int64_t>(steps_), 1, 1, numbers.count()}, numbers.dtype(),
                             numbers.device());
  numbers_.batch_slice(static_cast<std::int64_t>(pushed_.size()), 1).assign(numbers);
  pushed_.push_back(step);
}

std::vector<std::pair<std::int64_t, std::vector<double>>> MetricsBuffer::drain() {
  std::vector<std::pair<std::int64_t, std::vector<double>>> steps;
  if (pushed_.empty()) return steps;
  const auto count = static_cast<std::int64_t>(pushed_.size());
  const std::vector<double> all = numbers_.batch_slice(0, count).to_vector<double>();
  const std::ptrdiff_t k = numbers_.shape().c;
  for (std::ptrdiff_t i = 0; i < count; ++i)
    steps.emplace_back(pushed_[static_cast<std::size_t>(i)],
                       std::vector<double>(all.begin() + i * k, all.begin() + (i + 1) * k));
  pushed_.clear();
  return steps;
}

}  // namespace sumi
