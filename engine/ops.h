// Every op: checks, calls kernel functions, records its gradient. Gradients are made of ops too, so each of
// them can be differentiated again unless its comment says otherwise. Shapes are NHWC; all operands of an op
// share device and dtype, but for what a norm and a block say of their parameters. Errors name the op and the shapes.
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
// x as `dtype`, rounded to nearest even; x itself where it has that dtype, or is absent. The gradient comes back in x's.
// Of a parameter whose arena keeps a copy in `dtype`, that copy.
Tensor cast(const Tensor& x, DType dtype, const GradDest& dest = {});

// --- reduce.cpp
// scale * the sum over every axis where `shape` is 1.
Tensor sum_to(const Tensor& x, const Shape& shape, double scale = 1, const GradDest& dest = {});
// x repeated along every axis where it is 1.
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
Tensor step(const Tensor& x);  // 1 where x > 0, else 0; its gradient is zero
// f'(x) dy with y = f(x); the op behind the gradients of all of the above.
Tensor unary_grad(Unary f, double alpha, const Tensor& x, const Tensor& y, const Tensor& dy);

// --- shape.cpp
Tensor reshape(const Tensor& x, const Shape& shape);
// Joined along axis 0..3 = n, h, w, c.
Tensor concat(const std::vector<Tensor>& xs, int axis);
// x[at ... at + extent)
Tensor slice(const Tensor& x, const Shape& at, const Shape& extent);
// A tensor of zeros of `shape` with x at `at`: the gradient of slice.
Tensor place(const Tensor& x, const Shape& shape, const Shape& at);

// --- matmul.cpp
// Matrices [rows,1,1,cols]: op(a) op(b).
Tensor matmul(const Tensor& a, const Tensor& b, bool trans_a = false, bool trans_b = false);
// One product per sample of matrices [n, rows, 1, cols].
Tensor batched_matmul(const Tensor& a, const Tensor& b, bool trans_a = false, bool trans_b = false);
// The Gram matrix of each sample of features x [n,h,w,c], F^T F / divisor with F [h w, c] -> [n,c,1,c]. divisor 0
// stands for h w c (Johnson 2016, AnimeGANv2). A style loss is loss_mean(Loss::l1 or squared) of two of them.
Tensor gram_matrix(const Tensor& x, double divisor = 0);
// x [n,1,1,in], w [out,1,1,in], bias [out] or absent -> [n,1,1,out] = x w^T + bias
Tensor dense(const Tensor& x, const Tensor& w, const Tensor& bias);
// dy^T x [out,1,1,in]: the gradient of dense's weight.
Tensor dense_weight_grad(const Tensor& x, const Tensor& dy, const GradDest& dest = {});

// --- conv.cpp
// x [n,h,w,c], w [k,r,s,c/groups], bias [k] or absent -> [n,p,q,k]
Tensor conv2d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o);
// x [n,p,q,k], w [k,r,s,c/groups], bias [c] or absent -> [n,h,w,c]; see ConvGeom::make_transpose for the
// size.
Tensor conv_transpose2d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o,
                        int output_padding = 0);
// The three computations behind both, with an explicit geometry, which also says whose they are: on one of a
// transposed convolution conv_dgrad is its forward and conv_fprop its input gradient, and errors and traces say so.
Tensor conv_fprop(const ConvGeom& g, const Tensor& x, const Tensor& w, const Tensor& bias);
Tensor conv_dgrad(const ConvGeom& g, const Tensor& dy, const Tensor& w, const Tensor& bias);
Tensor conv_wgrad(const ConvGeom& g, const Tensor& x, const Tensor& dy, const GradDest& dest = {});

// --- norm.cpp
// Statistics and parameters are f32 also where x is bf16.
struct NormOptions {
  std::int64_t groups = 0;  // 0 batch norm, c instance norm, 1 layer norm, else group norm
  double eps = 1e-5;
  Unary act = Unary::identity;  // applied to the result, in the same kernel
  double alpha = 0;
};
// Running statistics of a batch norm [c]. In training they are updated: running = keep running + (1 - keep)
// new.
struct RunningStats {
  Tensor mean, var;
  double keep = 0.9;
};
// act(gamma (x - mean) / sqrt(var + eps) + beta); gamma and beta [c] or absent. `running` may be null; when
// it is given and `training` is false its statistics are used instead of x's.
Tensor normalize(const Tensor& x, const Tensor& gamma, const Tensor& beta, const NormOptions& o,
                 const RunningStats* running = nullptr, bool training = true);
Tensor batch_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps = 1e-5);
Tensor instance_norm(const Tensor& x, double eps = 1e-5);
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps = 1e-5);
Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& gamma, const Tensor& beta,
                  double eps = 1e-5);

// --- film.cpp
// A scale and a shift for each sample and channel (FiLM, Perez 2018; kernels/film.h): pad(leaky_relu(gamma x + beta) +
// residual) with gamma and beta [n,1,1,c], which are f32 also where x is bf16. slope 1: no activation.
struct FilmOptions {
  double slope = 1;
  PadGeom next_pad;  // of the result, for the next convolution
};
Tensor film(const Tensor& x, const Tensor& gamma, const Tensor& beta, const FilmOptions& o = {},
            const Tensor& residual = {});

// --- spectral.cpp
// w / sigma, where sigma = u^T W v is the largest singular value of w as a matrix of its first axis by the other three
// (Miyato 2018). u [w.n] and v [w.h w.w w.c] are the singular vectors as far as they are known; with `update` one step
// of power iteration overwrites both first (kernels/spectral_norm.h). The gradient goes through sigma with u and v
// held constant, as in torch.nn.utils.spectral_norm.
Tensor spectral_normalize(const Tensor& w, const Tensor& u, const Tensor& v, bool update);

// --- pad.cpp, resize.cpp, pool.cpp, random.cpp
Tensor pad2d(const Tensor& x, const PadGeom& g);
Tensor pad2d_grad(const Tensor& dy, const PadGeom& g, const Shape& x_shape);
// x resized to h x w, with a border around it.
Tensor resize2d(const Tensor& x, std::int64_t h, std::int64_t w, const ResizeGeom& g,
                const PadGeom& pad = {});
Tensor resize2d_grad(const Tensor& dy, const Shape& x_shape, const ResizeGeom& g);
Tensor avg_pool2d(const Tensor& x, const PoolGeom& g);
Tensor max_pool2d(const Tensor& x, const PoolGeom& g);

// Each element zeroed with probability p, the others divided by 1 - p. Draws x.count() numbers of `stream`.
class RandomStream;
Tensor dropout(const Tensor& x, double p, RandomStream& stream);

// --- image_pool.cpp: outside autograd
// y [y_shape], one picture, for x [1,h,w,c]: an exchange with `history`, or with the move that stands at `late` on the
// device when the kernel runs. See kernels/replay_buffer.h.
Tensor pool_exchange(const Tensor& x, const Tensor& history, const ReplayBufferOp& move,
                     const ReplayBufferOp* late, const Shape& y_shape);

// --- color.cpp: x [n,h,w,3]; see kernels/color.h for the spaces and their ranges
// The conversions to and from Lab have no second derivative and say so.
Tensor convert_color(Color c, const Tensor& x);
// The derivative at x, transposed, applied to dy.
Tensor convert_color_grad(Color c, const Tensor& x, const Tensor& dy);

// --- loss.cpp: the mean over all elements -> [1,1,1,1]
// Every loss from here to color_loss computes its gradient together with its value where one is wanted.
// Against one number. See kernels/loss.h for the formulas; delta is huber's.
Tensor loss_mean(Loss loss, const Tensor& x, double target, double delta = 1);
// Against a tensor of x's shape, which gets a gradient too for squared, l1 and huber.
Tensor loss_mean(Loss loss, const Tensor& x, const Tensor& target, double delta = 1);

// --- gaussian_loss.cpp -> [1,1,1,1]. See kernels/gaussian_loss.h; operands of one shape, each gets a gradient.
// Negative log-likelihood of x under N(mean, exp(log_var)), a mean over all elements.
Tensor gaussian_nll(const Tensor& x, const Tensor& mean, const Tensor& log_var);
// Divergence of N(mean, exp(log_var)) from N(0, 1): a sum for each sample, a mean over the samples.
Tensor gaussian_kl(const Tensor& mean, const Tensor& log_var);

// --- picture_loss.cpp -> [1,1,1,1]. See kernels/image_loss.h.
Tensor total_variation(const Tensor& x);
// l1 on Y and huber on U and V of x and target [n,h,w,3] in RGB; both get a gradient.
Tensor color_loss(const Tensor& x, const Tensor& target, double delta = 1);

// --- softmax.cpp
// exp(x) over the sum of exp(x) of the pixel's channels, of any size of x.
Tensor softmax(const Tensor& x);
// The cross-entropy of class logits x against probabilities of the same shape (a row one-hot, or any weights): the mean
// over pixels -> [1,1,1,1]. Has no gradient for its target.
Tensor cross_entropy(const Tensor& x, const Tensor& target);

// --- block.cpp
// What a layer of a network is: a linear map, a norm, an activation, a residual, the next layer's padding:
// one op, so that kernels can be fused inside without a change to any network. Equal to the composition of
// the ops above, which is what it uses when gradients are to be differentiated again. Where x is bf16 and w and bias are
// f32, copies of them in bf16 are multiplied, and their gradients come back in f32.
struct BlockOptions {
  enum class Linear : std::uint8_t { conv, conv_transpose, dense };
  Linear linear = Linear::conv;
  ConvOptions conv;
  int output_padding = 0;  // conv_transpose
  bool has_norm = false;
  NormOptions norm;             // act and alpha in it are ignored
  Unary act = Unary::identity;  // relu, leaky_relu, tanh, sigmoid or identity
  double alpha = 0;             // leaky_relu's slope
  PadGeom next_pad;             // of the result, for the next convolution
};
struct BlockParams {
  Tensor w, bias;      // as conv2d, conv_transpose2d or dense take them; bias may be absent
  Tensor gamma, beta;  // [channels of the result] or absent
  const RunningStats* running = nullptr;
  bool training = true;
};
Tensor linear_block(const Tensor& x, const BlockParams& p, const BlockOptions& o,
                    const Tensor& residual = {});
Tensor linear_block_composition(const Tensor& x, const BlockParams& p, const BlockOptions& o,
                                const Tensor& residual = {});

}  // namespace sumi
