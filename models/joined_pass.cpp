#include "models/joined_pass.h"

namespace sumi {

bool can_join(const Module& net, const Tensor& first, const Tensor& second) {
  Shape a = first.shape(), b = second.shape();
  a.n = b.n = 1;
  return a == b && !net.mixes_samples();
}

Pair run_joined(Module& net, const Tensor& first, const Tensor& second) {
  const Tensor both = net(concat({first, second}, 0));
  Shape a = both.shape(), b = a;
  a.n = first.shape().n;
  b.n = second.shape().n;
  return {slice(both, {0, 0, 0, 0}, a), slice(both, {a.n, 0, 0, 0}, b)};
}

Judgement train_discriminator(Tape& tape, Tape::Mark from, Module& d, const Tensor& real, const Tensor& fake,
                              const GanLoss& loss, double weight) {
  const auto weighted = [&](const Tensor& value) { return weight == 1 ? value : affine(value, weight); };
  Judgement j;
  if (can_join(d, real, fake)) {
    j.logits = run_joined(d, real, fake);
    j.losses.first = weighted(loss.discriminator_real(j.logits.first));
    j.losses.second = weighted(loss.discriminator_fake(j.logits.second));
    tape.backward(add(j.losses.first, j.losses.second), from);
    return j;
  }
  j.logits.first = d(real);
  j.losses.first = weighted(loss.discriminator_real(j.logits.first));
  tape.backward(j.losses.first, from);  // its activations are gone before the second pass
  j.logits.second = d(fake);
  j.losses.second = weighted(loss.discriminator_fake(j.logits.second));
  tape.backward(j.losses.second, from);
  return j;
}

}  // namespace sumi
