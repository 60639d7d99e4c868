// Pieces that the rules of several files share.
#pragma once

#include <optional>

#include "engine/graph/lowering.h"

namespace sumi::graph {

// '+', '-', '*' or '/' of two known integer inputs.
Value integer_arithmetic(NodeContext& c, char op);
// The elementwise sum of all inputs, and the sum of one along axes; known integers.
Value integer_total(NodeContext& c);
Value integer_reduce_sum(NodeContext& c);
// A value with a step: constants get one.
Value stepped(NodeContext& c, const Value& x);
Value sum_of(NodeContext& c, const Value& a, const Value& b);
Value product_of(NodeContext& c, const Value& a, const Value& b);
// scale x + shift
Value scaled(NodeContext& c, const Value& x, double scale, double shift);
// 1 / sqrt(x + eps)
Value inverse_root(NodeContext& c, const Value& x, double eps);
// x within [low, high]; an absent limit is none. x has a step.
Value clipped(NodeContext& c, Value x, std::optional<double> low, std::optional<double> high);

}  // namespace sumi::graph
