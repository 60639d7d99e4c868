// For fused ops: the gradient by way of the op's composition, for when gradients are to be differentiated
// again.
#pragma once

#include <vector>

#include "engine/autograd.h"

namespace sumi {

// `compose` computes the op's result from its inputs with differentiable ops. It runs once more, on the tape,
// and the gradients of its result are walked out of it, recorded. Inputs keep their places in `grads`.
template <class Compose>
void grads_through_composition(const std::vector<Tensor>& inputs, const Tensor& dy, Grads& grads,
                               Compose&& compose) {
  Tape& tape = *Tape::current();
  const Tape::Mark from = tape.mark();
  const Tensor y = compose();
  std::vector<Tensor> wanted;
  std::vector<int> places;
  for (int i = 0; i < static_cast<int>(inputs.size()); ++i) {
    if (!inputs[static_cast<std::size_t>(i)] || !grads.wants(i)) continue;
    wanted.push_back(inputs[static_cast<std::size_t>(i)]);
    places.push_back(i);
  }
  const std::vector<Tensor> got = tape.grad(y, wanted, /*create_graph=*/true, dy, from);
  for (std::size_t i = 0; i < got.size(); ++i) grads.put(places[i], got[i]);
}

}  // namespace sumi
