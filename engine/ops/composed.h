// Gradients of fused ops through the op's composition, for gradients that are to be differentiated
// again.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/autograd.h"

namespace sumi {

// `compose` computes the op's result from its inputs with differentiable ops. It runs once more, on
// the tape, and the gradients of its result are computed with recording on. Inputs keep their
// indices in `grads`; a tensor used as two inputs gets its whole gradient at the first, since the
// walk sums over both.
template <class Compose>
void grads_through_composition(const std::vector<Tensor>& inputs, const Tensor& dy, Grads& grads,
                               Compose&& compose) {
  Tape& tape = *Tape::current();
  const Tape::Mark from = tape.mark();
  const Tensor y = compose();
  std::vector<Tensor> wanted;
  std::vector<int> places;
  for (int i = 0; i < static_cast<int>(inputs.size()); ++i) {
    const Tensor& x = inputs[static_cast<std::size_t>(i)];
    const auto same = [&](const Tensor& t) { return t.id() == x.id(); };
    if (!x || !grads.wants(i) || std::any_of(wanted.begin(), wanted.end(), same)) continue;
    wanted.push_back(x);
    places.push_back(i);
  }
  const std::vector<Tensor> got = tape.grad(y, wanted, /*create_graph=*/true, dy, from);
  for (std::size_t i = 0; i < got.size(); ++i) grads.put(places[i], got[i]);
}

}  // namespace sumi
