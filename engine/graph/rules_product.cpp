// Matrix products and softmax.
#include <algorithm>

#include "engine/graph/lowering.h"
#include "engine/graph/rules.h"

namespace sumi::graph {
namespace {

using Kind = Step::Kind;
using Values = std::vector<Value>;

// Along one axis, or before opset 13 over all axes from one.
Values softmax_rule(NodeContext& c) {
  const Value x = c.builder.settled(stepped(c, c.in(0)));
  const bool one_axis = c.opset >= 13;
  const auto axis = static_cast<int>(c.axis(c.integer("axis", one_axis ? -1 : 1), x.rank()));
  std::vector<int> order;
  if (one_axis) {
    for (const int a : x.order)
      if (a != axis) order.push_back(a);
    order.push_back(axis);
  } else {
    order = row_major(x.rank());
  }
  std::int64_t columns = 1;
  for (int a = axis; a < (one_axis ? axis + 1 : x.rank()); ++a)
    columns *= x.dims[static_cast<std::size_t>(a)];
  if (columns < 1) c.refuse("has nothing to divide");
  const Shape rows{1, 1, count_of(x.dims) / columns, columns};
  Step step;
  step.kind = Kind::softmax;
  step.inputs = {c.builder.arranged(x, order, rows)};
  step.shape = rows;
  return {Builder::of(c.builder.emit(std::move(step)), x.dims, order)};
}

// Matrices of the last two axes; b's leading axes are 1 or a's.
Values matmul_rule(NodeContext& c) {
  const Value a = c.builder.settled(stepped(c, c.in(0))), b = c.builder.settled(stepped(c, c.in(1)));
  if (a.rank() < 2 || b.rank() < 2) c.refuse("multiplies vectors");
  const Dims& ad = a.dims;
  const Dims& bd = b.dims;
  const std::int64_t rows = ad[ad.size() - 2], inner = ad.back(), columns = bd.back();
  if (bd[bd.size() - 2] != inner) c.refuse("has matrices of " + text_of(ad) + " and " + text_of(bd));
  const std::int64_t batch = count_of(ad) / std::max<std::int64_t>(1, rows * inner);
  const std::int64_t batch_b = count_of(bd) / std::max<std::int64_t>(1, inner * columns);
  Dims dims = ad;
  dims.back() = columns;
  Step step;
  if (batch_b == 1) {
    step.kind = Kind::matmul;
    step.inputs = {c.builder.arranged(a, row_major(a.rank()), Shape::matrix(batch * rows, inner)),
                   c.builder.arranged(b, row_major(b.rank()), Shape::matrix(inner, columns))};
    step.shape = Shape::matrix(batch * rows, columns);
  } else {
    if (Dims(ad.begin(), ad.end() - 2) != Dims(bd.begin(), bd.end() - 2))
      c.refuse("has batches of " + text_of(ad) + " and " + text_of(bd));
    step.kind = Kind::batched;
    step.inputs = {c.builder.arranged(a, row_major(a.rank()), {batch, rows, 1, inner}),
                   c.builder.arranged(b, row_major(b.rank()), {batch, inner, 1, columns})};
    step.shape = {batch, rows, 1, columns};
  }
  const int rank = static_cast<int>(dims.size());
  return {Builder::of(c.builder.emit(std::move(step)), dims, row_major(rank))};
}

Values gemm_rule(NodeContext& c) {
  const Value a = c.builder.settled(stepped(c, c.in(0))), b = c.builder.settled(stepped(c, c.in(1)));
  if (a.rank() != 2 || b.rank() != 2) c.refuse("multiplies what are not matrices");
  Step step;
  step.kind = Kind::matmul;
  step.trans_a = c.integer("transA", 0) != 0;
  step.trans_b = c.integer("transB", 0) != 0;
  const std::int64_t rows = a.dims[step.trans_a ? 1 : 0], columns = b.dims[step.trans_b ? 0 : 1];
  if (a.dims[step.trans_a ? 0 : 1] != b.dims[step.trans_b ? 1 : 0])
    c.refuse("has matrices of " + text_of(a.dims) + " and " + text_of(b.dims));
  step.inputs = {c.builder.arranged(a, {0, 1}, Shape::matrix(a.dims[0], a.dims[1])),
                 c.builder.arranged(b, {0, 1}, Shape::matrix(b.dims[0], b.dims[1]))};
  step.shape = Shape::matrix(rows, columns);
  const int product = c.builder.emit(std::move(step));
  Value y = scaled(c, Builder::of(product, {rows, columns}, {0, 1}), c.real("alpha", 1), 0);
  if (!c.has(2) || c.real("beta", 1) == 0) return {y};
  return {sum_of(c, y, scaled(c, c.in(2), c.real("beta", 1), 0))};
}

}  // namespace

void add_product_rules(Rules& rules) {
  rules.insert({{"Softmax", softmax_rule}, {"MatMul", matmul_rule}, {"Gemm", gemm_rule}});
}

}  // namespace sumi::graph
