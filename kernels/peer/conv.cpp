#include "kernels/peer/conv.h"

#include <map>
#include <memory>
#include <vector>

#include "kernels/peer/library.h"

namespace sumi::kernels::peer {
namespace {

using FilterDescriptor =
    Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvDescriptor = Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
                                  cudnnDestroyConvolutionDescriptor>;

// What cuDNN needs to know of one convolution in one direction, and what it chose. Algo: cudnnConvolution...Algo_t.
template <class Algo>
struct Plan {
  TensorDescriptor x, y, bias;
  FilterDescriptor w;
  ConvDescriptor conv;
  Algo algo{};
  std::size_t workspace = 0;
  std::string name;
};

cudnnMathType_t math_of(const Exec& e, DType t) {
  if (t == DType::bf16) return CUDNN_TENSOR_OP_MATH;
  // The default lets f32 be rounded to tf32 for tensor cores.
  return resolved(e.multiply, e.device) == Multiply::tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
}

template <class Algo>
void describe(Plan<Algo>& plan, const ConvGeom& g, DType t, std::int64_t bias, cudnnMathType_t math) {
  const auto i = [](std::int64_t v) { return static_cast<int>(v); };
  set(plan.x, t, g.x_shape());
  set(plan.y, t, g.y_shape());
  set(plan.bias, t, Shape::vector(bias));
  const Shape w = g.w_shape();
  SUMI_CUDNN_CALL(
      cudnnSetFilter4dDescriptor(plan.w, cudnn_type(t), CUDNN_TENSOR_NHWC, i(w.n), i(w.c), i(w.h), i(w.w)));
  SUMI_CUDNN_CALL(cudnnSetConvolution2dDescriptor(plan.conv, g.o.pad_top, g.o.pad_left, g.o.stride,
                                                  g.o.stride, g.o.dilation, g.o.dilation,
                                                  CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
  SUMI_CUDNN_CALL(cudnnSetConvolutionGroupCount(plan.conv, g.o.groups));
  SUMI_CUDNN_CALL(cudnnSetConvolutionMathType(plan.conv, math));
}

// The plan of a geometry, direction, type and precision; made at the first call by find(plan, results, most) -> count.
template <class Algo, class Perf, class Find>
Plan<Algo>& plan_of(const char* kernel, const Exec& e, const ConvGeom& g, DType t, std::int64_t bias,
                    Find&& find) {
  if (!conv_fits(g)) fail(kernel, "cuDNN pads both sides alike, and " + g.str() + " does not");
  thread_local std::map<std::string, std::unique_ptr<Plan<Algo>>> plans;
  const cudnnMathType_t math = math_of(e, t);
  auto& plan = plans[std::string(kernel) + g.str() + name_of(t) + std::to_string(math)];
  if (plan) return *plan;
  auto made = std::make_unique<Plan<Algo>>();
  describe(*made, g, t, bias, math);
  Perf results[16];
  int count = 0;
  find(*made, 16, &count, results);
  // The fastest first. What rounds f32 to tf32 was not asked for where multiply-adds were.
  const auto usable = [&](const Perf& r) {
    return r.status == CUDNN_STATUS_SUCCESS && r.memory <= kWorkspace &&
           !(math == CUDNN_FMA_MATH && r.mathType != CUDNN_FMA_MATH && r.mathType != CUDNN_DEFAULT_MATH);
  };
  int best = 0;
  while (best < count && !usable(results[best])) ++best;
  if (best == count) fail(kernel, "cuDNN has no algorithm for " + g.str() + " in " + name_of(t));
  made->algo = results[best].algo;
  made->workspace = results[best].memory;
  if (math != CUDNN_FMA_MATH)
    SUMI_CUDNN_CALL(cudnnSetConvolutionMathType(made->conv, results[best].mathType));
  made->name = "cudnn algorithm " + std::to_string(static_cast<int>(made->algo)) +
               (results[best].mathType == CUDNN_TENSOR_OP_MATH ? ", tensor cores" : "");
  plan = std::move(made);
  return *plan;
}

constexpr float kOne = 1, kZero = 0;

}  // namespace

void conv_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  check_conv(g.fprop_name(), e, g, x, w, y, bias, g.k);
  const cudnnHandle_t handle = cudnn_handle(e);
  auto& p = plan_of<cudnnConvolutionFwdAlgo_t, cudnnConvolutionFwdAlgoPerf_t>(
      "peer conv_fprop", e, g, y.dtype, g.k, [&](auto& plan, int most, int* count, auto* results) {
        SUMI_CUDNN_CALL(cudnnFindConvolutionForwardAlgorithmEx(
            handle, plan.x, x.data, plan.w, w.data, plan.conv, plan.y, y.data, most, count, results,
            e.scratch->get(kWorkspace), kWorkspace));
      });
  SUMI_CUDNN_CALL(cudnnConvolutionForward(handle, &kOne, p.x, x.data, p.w, w.data, p.conv, p.algo,
                                          e.scratch->get(kWorkspace), p.workspace, &kZero, p.y, y.data));
  if (bias) SUMI_CUDNN_CALL(cudnnAddTensor(handle, &kOne, p.bias, bias.data, &kOne, p.y, y.data));
  e.ran(p.name.c_str());
}

void conv_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  check_conv(g.dgrad_name(), e, g, dx, w, dy, bias, g.c);
  const cudnnHandle_t handle = cudnn_handle(e);
  auto& p = plan_of<cudnnConvolutionBwdDataAlgo_t, cudnnConvolutionBwdDataAlgoPerf_t>(
      "peer conv_dgrad", e, g, dx.dtype, g.c, [&](auto& plan, int most, int* count, auto* results) {
        SUMI_CUDNN_CALL(cudnnFindConvolutionBackwardDataAlgorithmEx(
            handle, plan.w, w.data, plan.y, dy.data, plan.conv, plan.x, dx.data, most, count, results,
            e.scratch->get(kWorkspace), kWorkspace));
      });
  SUMI_CUDNN_CALL(cudnnConvolutionBackwardData(handle, &kOne, p.w, w.data, p.y, dy.data, p.conv, p.algo,
                                               e.scratch->get(kWorkspace), p.workspace, &kZero, p.x,
                                               dx.data));
  if (bias) SUMI_CUDNN_CALL(cudnnAddTensor(handle, &kOne, p.bias, bias.data, &kOne, p.x, dx.data));
  e.ran(p.name.c_str());
}

void conv_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  check_conv(g.wgrad_name(), e, g, x, dw, dy, {}, 0);
  const cudnnHandle_t handle = cudnn_handle(e);
  auto& p = plan_of<cudnnConvolutionBwdFilterAlgo_t, cudnnConvolutionBwdFilterAlgoPerf_t>(
      "peer conv_wgrad", e, g, dw.dtype, g.k, [&](auto& plan, int most, int* count, auto* results) {
        if (write == Write::accumulate)
          fail("peer conv_wgrad", "choose the algorithm by a call that overwrites");
        SUMI_CUDNN_CALL(cudnnFindConvolutionBackwardFilterAlgorithmEx(
            handle, plan.x, x.data, plan.y, dy.data, plan.conv, plan.w, dw.data, most, count, results,
            e.scratch->get(kWorkspace), kWorkspace));
      });
  const float* beta = write == Write::accumulate ? &kOne : &kZero;
  SUMI_CUDNN_CALL(cudnnConvolutionBackwardFilter(handle, &kOne, p.x, x.data, p.y, dy.data, p.conv, p.algo,
                                                 e.scratch->get(kWorkspace), p.workspace, beta, p.w,
                                                 dw.data));
  e.ran(p.name.c_str());
}

}  // namespace sumi::kernels::peer
