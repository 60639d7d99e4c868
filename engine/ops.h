// Differentiable operations. Every op checks its operands, calls kernel functions and records its
// gradient. Gradients are composed of ops too, so each can be differentiated again unless its
// comment says otherwise. Shapes are NHWC. All operands of an op share device and dtype, except
// parameters of norms and blocks where stated. Errors name the op and the shapes.
#pragma once

#include <vector>

#include "engine/autograd.h"
#include "engine/tensor.h"
#include "kernels/activation.h"
#include "kernels/color.h"
#include "kernels/conv.h"
#include "kernels/loss.h"
#include "kernels/pad.h"
#include "kernels/pool.h"
#include "kernels/replay_buffer.h"
#include "kernels/resize.h"

namespace sumi {

using kernels::Color;
using kernels::ConvGeom;
using kernels::ConvOptions;
using kernels::Loss;
using kernels::PadGeom;
using kernels::PadMode;
using kernels::PoolGeom;
using kernels::ReplayBufferOp;
using kernels::ResizeCoords;
using kernels::ResizeGeom;
using kernels::ResizeMode;
using kernels::Unary;

// --- arithmetic.cpp: each size of a and b is equal or 1
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
// scale * x + shift
Tensor affine(const Tensor& x, double scale, double shift = 0);

// --- cast.cpp
// x as `dtype`, rounded to nearest even; x itself if it already has that dtype or is absent. The
// gradient has x's dtype. For a parameter whose arena keeps a copy in `dtype`, returns that copy.
Tensor cast(const Tensor& x, DType dtype, const GradDest& dest = {});

// --- reduce.cpp
// scale * the sum over every axis where `shape` is 1.
Tensor sum_to(const Tensor& x, const Shape& shape, double scale = 1, const GradDest& dest = {});
// x repeated along every axis where its size is 1.
Tensor broadcast_to(const Tensor& x, const Shape& shape);
Tensor sum(const Tensor& x);   // [1,1,1,1]
Tensor mean(const Tensor& x);  // [1,1,1,1]

// --- activation.cpp
Tensor unary(Unary f, const Tensor& x, double alpha = 0);
Tensor relu(const Tensor& x);
Tensor leaky_relu(const Tensor& x, double slope);
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);
Tensor softplus(const Tensor& x);
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor square(const Tensor& x);
Tensor abs(const Tensor& x);
Tensor reciprocal(const Tensor& x);
Tensor heaviside(const Tensor& x);  // 1 where x > 0, else 0; its gradient is zero
// f'(x) dy with y = f(x); the op behind the gradients of all functions above.
Tensor unary_grad(Unary f, double alpha, const Tensor& x, const Tensor& y, const Tensor& dy);

// --- shape.cpp
Tensor reshape(const Tensor& x, const Shape& shape);
// Joins tensors along axis 0..3 = n, h, w, c.
Tensor concat(const std::vector<Tensor>& xs, int axis);
// x[at ... at + extent)
Tensor slice(const Tensor& x, const Shape& at, const Shape& extent);
// Zeros of `shape` with x at `at`: the gradient of slice.
Tensor scatter_slice(const Tensor& x, const Shape& shape, const Shape& at);

// --- matmul.cpp
// Matrices [rows,1,1,cols]: op(a) op(b).
Tensor matmul(const Tensor& a, const Tensor& b, bool trans_a = false, bool trans_b = false);
// One product per sample of matrices [n, rows, 1, cols].
Tensor batched_matmul(const Tensor& a, const Tensor& b, bool trans_a = false, bool trans_b = false);
// The Gram matrix of each sample of features x [n,h,w,c]: F^T F / divisor with F [h w, c] ->
// [n,c,1,c]. divisor 0 stands for h w c (Johnson 2016, AnimeGANv2). A style loss is
// loss_mean(Loss::l1 or squared) of two Gram matrices.
Tensor gram_matrix(const Tensor& x, double divisor = 0);
// x [n,1,1,in], w [out,1,1,in], bias [out] or absent -> [n,1,1,out] = x w^T + bias
Tensor dense(const Tensor& x, const Tensor& w, const Tensor& bias);
// dy^T x [out,1,1,in]: the gradient of dense's weight.
Tensor dense_weight_grad(const Tensor& x, const Tensor& dy, const GradDest& dest = {});

// --- conv.cpp
// x [n,h,w,c], w [k,r,s,c/groups], bias [k] or absent -> [n,p,q,k]
Tensor conv2d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o);
// x [n,p,q,k], w [k,r,s,c/groups], bias [c] or absent -> [n,h,w,c]; see ConvGeom::make_transpose
// for the size.
Tensor conv_transpose2d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o,
                        int output_padding = 0);
// The three computations behind both, with an explicit geometry. For the geometry of a transposed
// convolution, conv_dgrad is its forward pass and conv_fprop its input gradient; errors and traces
// name them accordingly.
Tensor conv_fprop(const ConvGeom& g, const Tensor& x, const Tensor& w, const Tensor& bias);
Tensor conv_dgrad(const ConvGeom& g, const Tensor& dy, const Tensor& w, const Tensor& bias);
Tensor conv_wgrad(const ConvGeom& g, const Tensor& x, const Tensor& dy, const GradDest& dest = {});

// --- norm.cpp
// Statistics and parameters are f32 even if x is bf16.
struct NormOptions {
  std::int64_t groups = 0;  // 0 batch norm, c instance norm, 1 layer norm, otherwise group norm
  double eps = 1e-5;
  Unary act = Unary::identity;  // applied to the result, in the same kernel
  double alpha = 0;
};
// Running statistics of a batch norm [c]. Updated in training: running = decay running + (1 -
// decay) new.
struct RunningStats {
  Tensor mean, var;
  double decay = 0.9;
};
// act(gamma (x - mean) / sqrt(var + eps) + beta); gamma and beta [c] or absent. If `running` is not
// null and `training` is false, its statistics are used instead of x's.
Tensor normalize(const Tensor& x, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                 const RunningStats* running = nullptr, bool training = true);
Tensor batch_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps = 1e-5);
Tensor instance_norm(const Tensor& x, double eps = 1e-5);
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps = 1e-5);
Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& gamma, const Tensor& beta,
                  double eps = 1e-5);

// --- film.cpp
// A scale and a shift for each sample and channel (FiLM, Perez 2018; kernels/film.h):
// pad(leaky_relu(gamma x + beta) + residual) with gamma and beta [n,1,1,c], which are f32 also
// where x is bf16. slope 1: no activation.
struct FilmOptions {
  double slope = 1;
  PadGeom next_pad;  // of the result, for the next convolution
};
Tensor film(const Tensor& x, const Tensor& gamma, const Tensor& beta, const FilmOptions& o = {},
            const Tensor& residual = {});

// --- spectral.cpp
// w / sigma, where sigma = u^T W v is the largest singular value of w as a matrix of its first axis
// by the other three (Miyato 2018). u [w.n] and v [w.h w.w w.c] are the current estimates of the
// singular vectors; with `update` one power iteration overwrites both first
// (kernels/spectral_norm.h). The gradient goes through sigma with u and v held constant, as in
// torch.nn.utils.spectral_norm.
Tensor spectral_normalize(const Tensor& w, const Tensor& u, const Tensor& v, bool update);

// --- pad.cpp, resize.cpp, pool.cpp, random.cpp
Tensor pad2d(const Tensor& x, const PadGeom& g);
Tensor pad2d_grad(const Tensor& dy, const PadGeom& g, const Shape& x_shape);
// x resized to h x w, with padding.
Tensor resize2d(const Tensor& x, std::int64_t h, std::int64_t w, const ResizeGeom& g,
                const PadGeom& pad = {});
Tensor resize2d_grad(const Tensor& dy, const Shape& x_shape, const ResizeGeom& g);
Tensor avg_pool2d(const Tensor& x, const PoolGeom& g);
Tensor max_pool2d(const Tensor& x, const PoolGeom& g);

// Zeroes each element with probability p and divides the others by 1 - p. Draws x.count() values
// from `stream`.
class RandomStream;
Tensor dropout(const Tensor& x, double p, RandomStream& stream);

// --- image_pool.cpp: outside autograd
// y [y_shape], one image, for x [1,h,w,c]: an exchange with `history` by `move`, or by the
// operation at `deferred` on the device, read when the kernel runs. See kernels/replay_buffer.h.
Tensor pool_exchange(const Tensor& x, const Tensor& history, const ReplayBufferOp& move,
                     const ReplayBufferOp* deferred, const Shape& y_shape);

// --- color.cpp: x [n,h,w,3]; see kernels/color.h for the spaces and their ranges
// The conversions to and from Lab have no second derivative; asking for one is an Error.
Tensor convert_color(Color c, const Tensor& x);
// The transposed Jacobian at x, applied to dy.
Tensor convert_color_grad(Color c, const Tensor& x, const Tensor& dy);

// --- loss.cpp: the mean over all elements -> [1,1,1,1]
// Every loss from here to color_loss computes its gradient in the same pass as its value, if one is
// needed. Against a constant target. See kernels/loss.h for the formulas; delta is huber's.
Tensor loss_mean(Loss loss, const Tensor& x, double target, double delta = 1);
// Against a tensor of x's shape, which also gets a gradient for squared, l1 and huber.
Tensor loss_mean(Loss loss, const Tensor& x, const Tensor& target, double delta = 1);

// --- gaussian_loss.cpp -> [1,1,1,1]; see kernels/gaussian_loss.h
// The operands have one shape, and each gets a gradient. Negative log-likelihood of x under N(mean,
// exp(log_var)), averaged over all elements.
Tensor gaussian_nll(const Tensor& x, const Tensor& mean, const Tensor& log_var);
// KL divergence of N(mean, exp(log_var)) from N(0, 1): summed per sample, averaged over the
// samples.
Tensor gaussian_kl(const Tensor& mean, const Tensor& log_var);

// --- image_loss.cpp -> [1,1,1,1]. See kernels/image_loss.h.
Tensor total_variation(const Tensor& x);
// l1 on Y and huber on U and V of x and target [n,h,w,3] in RGB; both get a gradient.
Tensor color_loss(const Tensor& x, const Tensor& target, double delta = 1);

// --- softmax.cpp
// exp(x) divided by the sum of exp(x) over the pixel's channels; does not overflow for any x.
Tensor softmax(const Tensor& x);
// The cross-entropy of class logits x and probabilities of the same shape (a row one-hot, or any
// weights), averaged over pixels -> [1,1,1,1]. The target gets no gradient.
Tensor cross_entropy(const Tensor& x, const Tensor& target);

// --- block.cpp
// A fused layer: linear map, norm, activation, residual, and padding for the next layer, as one op,
// so that kernels can be fused without changing any network. Equal to the composition of the ops
// above, which it uses if gradients are to be differentiated again. If x is bf16 and w and bias are
// f32, bf16 copies of them are multiplied, and their gradients are f32.
struct BlockOptions {
  enum class MapKind : std::uint8_t { conv, conv_transpose, dense };
  MapKind map = MapKind::conv;
  ConvOptions conv;
  int output_padding = 0;  // conv_transpose
  bool has_norm = false;
  NormOptions norm;             // its act and alpha are ignored
  Unary act = Unary::identity;  // relu, leaky_relu, tanh, sigmoid or identity
  double alpha = 0;             // leaky_relu's slope
  PadGeom next_pad;             // padding of the result, for the next convolution
};
struct BlockParams {
  Tensor w, bias;      // shapes as for conv2d, conv_transpose2d or dense; bias may be absent
  Tensor gamma, beta;  // [channels of the result] or absent
  const RunningStats* running = nullptr;
  bool training = true;
};
Tensor fused_block(const Tensor& x, const BlockParams& p, const BlockOptions& o, const Tensor& residual = {});
Tensor fused_block_composition(const Tensor& x, const BlockParams& p, const BlockOptions& o,
                               const Tensor& residual = {});

}  // namespace sumi
