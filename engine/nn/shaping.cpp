// Modules without parameters.
#include "engine/nn.h"
#include "engine/random.h"

namespace sumi {

Shape Reshape::infer_shape(const Shape& x, Cost&) const {
  Shape y = to_;
  y.n = x.n;
  if (y.c == 0) y.c = x.h * x.w * x.c;
  if (y.count() != x.count()) fail("reshape", x.str() + " does not have the elements of " + y.str());
  return y;
}

Tensor Reshape::forward(const Tensor& x) {
  Cost unused;
  return reshape(x, infer_shape(x.shape(), unused));
}

Shape Pad::infer_shape(const Shape& x, Cost& cost) const {
  geom_.check("pad", x);
  const Shape y = geom_.padded(x);
  cost.saved_elements += y.count();
  return y;
}

Tensor Pad::forward(const Tensor& x) {
  return pad2d(x, geom_);
}

Shape Upsample::infer_shape(const Shape& x, Cost& cost) const {
  const Shape inner{x.n, 2 * x.h, 2 * x.w, x.c}, y = next_pad_.padded(inner);
  next_pad_.check("upsample", inner);
  cost.saved_elements += y.count();
  return y;
}

Tensor Upsample::forward(const Tensor& x) {
  return resize2d(x, 2 * x.shape().h, 2 * x.shape().w, {mode_, kernels::ResizeCoords::half_pixel}, next_pad_);
}

Shape Dropout::infer_shape(const Shape& x, Cost& cost) const {
  cost.saved_elements += 2 * x.count();
  return x;
}

Tensor Dropout::forward(const Tensor& x) {
  if (!training()) return x;
  if (!stream_) fail(name(), "has no stream of random numbers; call set_dropout_stream()");
  return dropout(x, p_, *stream_);
}

void set_dropout_stream(Module& network, RandomStream& stream) {
  network.apply([&](Module& m) {
    if (auto* const dropout = dynamic_cast<Dropout*>(&m)) dropout->set_stream(stream);
  });
}

}  // namespace sumi
