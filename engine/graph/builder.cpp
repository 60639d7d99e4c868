#include "engine/graph/builder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/error.h"

namespace sumi::graph {

using Kind = Step::Kind;

Shape shape_of(const Dims& dims, const std::vector<int>& order) {
  if (order.size() > 4)
    fail("graph", fmt::format("a tensor of {} has more than four dimensions", text_of(dims)));
  Shape shape;
  const int lead = 4 - static_cast<int>(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) shape[lead + static_cast<int>(i)] = dims[order[i]];
  return shape;
}

void Builder::spend(std::int64_t elements) {
  constexpr std::int64_t kMost = std::int64_t{1} << 27;
  if (elements > kMost - spent_)
    fail(label_, name_ + ": the network's constants grow beyond what an image needs");
  spent_ += elements;
}

int Builder::emit(Step step) {
  step.name = name_;
  (void)count_of({step.shape.n, step.shape.h, step.shape.w, step.shape.c});
  const bool fixed = !step.inputs.empty() && std::all_of(step.inputs.begin(), step.inputs.end(), [&](int i) {
    return this->step(i).kind == Kind::constant && this->step(i).weight;
  });
  if (fixed) {
    spend(step.shape.count());
    std::vector<Tensor> operands;
    for (const int i : step.inputs) operands.push_back(this->step(i).weight);
    Step constant;
    constant.weight = run_step(step, operands);
    constant.shape = constant.weight.shape();
    constant.name = name_;
    step = std::move(constant);
  }
  plan_.steps.push_back(std::move(step));
  return static_cast<int>(plan_.steps.size()) - 1;
}

int Builder::input(const Shape& shape) {
  Step step;
  step.shape = shape;
  return emit(std::move(step));
}

int Builder::reshaped(int step, const Shape& shape) {
  if (this->shape(step) == shape) return step;
  Step view;
  view.kind = Kind::reshape;
  view.inputs = {step};
  view.shape = shape;
  return emit(std::move(view));
}

Tensor Builder::tensor(const std::vector<float>& values, const Shape& shape) const {
  return Tensor::from(values, shape, dtype_, device_);
}

Tensor Builder::weight(const Value& v, const std::vector<int>& order, const Shape& shape) {
  if (!v.constant) {
    const Step& made = step(arranged(v, order, shape));
    if (made.kind != Kind::constant || !made.weight)
      fail(label_, name_ + ": its weights depend on the image, which is not supported");
    return made.weight;
  }
  const std::string layout = fmt::format("{} {} {} {}", fmt::join(v.dims, ","), fmt::join(v.order, ","),
                                         fmt::join(order, ","), shape.str());
  auto& [held, tensor] = weights_[{v.constant.get(), layout}];
  if (held) return tensor;
  const std::vector<std::uint32_t> map = reorder_map(v.dims, v.order, order);
  std::vector<float> values(map.size());
  for (std::size_t i = 0; i < map.size(); ++i) values[i] = static_cast<float>(v.constant->at(map[i]));
  tensor = this->tensor(values, shape);
  held = v.constant;
  return tensor;
}

Value Builder::settled(const Value& v) {
  if (!v.base_dims) return v;
  Value base = v;
  base.dims = *v.base_dims;
  base.order = v.base_order;
  base.base_dims.reset();
  // Row-major elements of the base are those of the reshaped value.
  const std::vector<int> plain = row_major(static_cast<int>(base.dims.size()));
  const int step = arranged(base, plain, Shape::vector(count_of(base.dims)));
  return of(step, v.dims, row_major(v.rank()));
}

int Builder::arranged(const Value& given, const std::vector<int>& order) {
  return arranged(given, order, shape_of(given.dims, order));
}

int Builder::arranged(const Value& given, const std::vector<int>& order, const Shape& shape) {
  const Value v = settled(given);
  if (v.constant) {
    Step constant;
    constant.weight = weight(v, order, shape);
    constant.shape = shape;
    return emit(std::move(constant));
  }
  if (memory_axes(v.dims, v.order) == memory_axes(v.dims, order)) return reshaped(v.step, shape);
  Step moved;
  moved.kind = Kind::remap;
  moved.inputs = {v.step};
  moved.shape = shape;
  spend(count_of(v.dims));
  moved.source = std::make_shared<const std::vector<std::uint32_t>>(reorder_map(v.dims, v.order, order));
  return emit(std::move(moved));
}

bool Builder::is_known(const Value& v) const {
  return v.constant || (step(v.step).kind == Kind::constant && step(v.step).weight);
}

ConstantPtr Builder::host(const Value& v) const {
  if (!is_known(v)) fail(label_, name_ + ": one of its inputs depends on the image, which is not supported");
  const Dims& dims = v.base_dims ? *v.base_dims : v.dims;
  const std::vector<int>& order = v.base_dims ? v.base_order : v.order;
  const std::vector<int> plain = row_major(static_cast<int>(dims.size()));
  if (v.constant && !v.base_dims && v.constant->dims == v.dims && order == plain) return v.constant;
  const std::vector<std::uint32_t> map = reorder_map(dims, order, plain);
  auto result = std::make_shared<Constant>();
  result->dims = v.dims;
  result->real = !v.constant || v.constant->real;
  const std::vector<float> computed =
      v.constant ? std::vector<float>() : step(v.step).weight.to_vector<float>();
  for (const std::uint32_t from : map) {
    if (!v.constant)
      result->reals.push_back(computed.at(from));
    else if (result->real)
      result->reals.push_back(v.constant->reals.at(from));
    else
      result->integers.push_back(v.constant->integers.at(from));
  }
  return result;
}

Value Builder::of(int step, Dims dims, std::vector<int> order) {
  Value v;
  v.step = step;
  v.dims = std::move(dims);
  v.order = std::move(order);
  return v;
}

Value Builder::of(Constant c) {
  Value v;
  v.dims = c.dims;
  v.order = row_major(v.rank());
  v.constant = std::make_shared<const Constant>(std::move(c));
  return v;
}

Plan Builder::take(int result) {
  plan_.result = result;
  return std::move(plan_);
}

}  // namespace sumi::graph
