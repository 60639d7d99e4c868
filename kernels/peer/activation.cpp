#include "kernels/peer/activation.h"

#include "kernels/peer/library.h"
#include "kernels/peer/pointwise.h"

namespace sumi::kernels::peer {

void unary(const Exec& e, Unary f, double alpha, View x, MutView y) {
  if (!has_activation(f)) fail("peer unary", std::string("cuDNN has no ") + name_of(f));
  if (f == Unary::leaky_relu) return leaky_relu(e, alpha, x, y);
  using ActivationDescriptor = Descriptor<cudnnActivationDescriptor_t, cudnnCreateActivationDescriptor,
                                          cudnnDestroyActivationDescriptor>;
  const cudnnHandle_t handle = cudnn_handle(e);
  const TensorDescriptor at;
  const ActivationDescriptor activation;
  const float one = 1, zero = 0;
  set(at, x.dtype, x.shape);
  const cudnnActivationMode_t mode = f == Unary::relu   ? CUDNN_ACTIVATION_RELU
                                     : f == Unary::tanh ? CUDNN_ACTIVATION_TANH
                                                        : CUDNN_ACTIVATION_SIGMOID;
  SUMI_CUDNN_CALL(cudnnSetActivationDescriptor(activation, mode, CUDNN_PROPAGATE_NAN, 0));
  SUMI_CUDNN_CALL(cudnnActivationForward(handle, activation, &one, at, x.data, &zero, at, y.data));
  e.ran("cudnn");
}

void unary_grad(const Exec& e, Unary f, double alpha, View x, View, View dy, MutView dx, Write write) {
  if (!has_gradient(f)) fail("peer unary_grad", std::string("there is none here of ") + name_of(f));
  if (write != Write::overwrite) fail("peer unary_grad", "overwrites only");
  leaky_relu_grad(e, alpha, x, dy, dx);
}

}  // namespace sumi::kernels::peer
