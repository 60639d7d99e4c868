#include "kernels/peer/conv.h"

#include <array>

#include "kernels/peer/graph.h"

namespace sumi::kernels::peer {
namespace {

// The attribute names of one of the three computations.
struct Direction {
  const char* kernel;
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t conv, x, w, y, alpha, beta;
};
constexpr Direction kFprop = {"peer conv_fprop",
                              CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
constexpr Direction kDgrad = {"peer conv_dgrad",
                              CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
constexpr Direction kWgrad = {"peer conv_wgrad",
                              CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};

Node convolution(const ConvGeom& g) {
  using Pair = std::array<std::int64_t, 2>;
  const Pair strides{g.o.stride, g.o.stride}, dilations{g.o.dilation, g.o.dilation},
      before{g.o.pad_top, g.o.pad_left}, after{g.o.pad_bottom, g.o.pad_right};
  const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
  const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  const std::int64_t dims = 2;
  return Node(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR)
      .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, sums)
      .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, mode)
      .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, dims)
      .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, strides.data())
      .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilations.data())
      .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, before.data())
      .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, after.data())
      .finished();
}

// x, w and y of the geometry, whichever of them is the result.
void run(const Exec& e, const Direction& d, const ConvGeom& g, DType t, void* x, void* w, void* y,
         Write write) {
  if (!conv_fits(g)) fail(d.kernel, "cuDNN pads both sides alike, and " + g.str() + " does not");
  const bool adds = write == Write::accumulate;
  const auto describe = [&](Node& operation) {
    Node conv = convolution(g);
    const float one = 1, before = adds ? 1.0F : 0.0F;
    operation.set(d.conv, conv).set(d.alpha, CUDNN_TYPE_FLOAT, one).set(d.beta, CUDNN_TYPE_FLOAT, before);
    return conv;
  };
  const bool tensor_cores = t == DType::bf16 || resolved(e.multiply, e.device) == MatmulPrecision::tf32;
  run_graph(e, {d.kernel,
                g.str() + (adds ? " adding" : ""),
                d.type,
                {{d.x, t, g.x_shape(), x}, {d.w, t, g.w_shape(), w}, {d.y, t, g.y_shape(), y}},
                describe,
                tensor_cores,
                !adds});
}

// to += bias, by a separate launch, as in PyTorch.
void add_bias(const Exec& e, View bias, MutView to) {
  if (!bias) return;
  const TensorDescriptor of_bias, of_result;
  set(of_bias, bias.dtype, bias.shape);
  set(of_result, to.dtype, to.shape);
  const float one = 1;
  SUMI_CUDNN_CALL(cudnnAddTensor(cudnn_handle(e), &one, of_bias, bias.data, &one, of_result, to.data));
}

}  // namespace

void conv_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  check_conv(g.fprop_name(), e, g, x, w, y, bias, g.k);
  run(e, kFprop, g, y.dtype, writable(x), writable(w), y.data, Write::overwrite);
  add_bias(e, bias, y);
}

void conv_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  check_conv(g.dgrad_name(), e, g, dx, w, dy, bias, g.c);
  run(e, kDgrad, g, dx.dtype, dx.data, writable(w), writable(dy), Write::overwrite);
  add_bias(e, bias, dx);
}

void conv_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  check_conv(g.wgrad_name(), e, g, x, dw, dy, {}, 0);
  run(e, kWgrad, g, dw.dtype, writable(x), dw.data, writable(dy), write);
}

}  // namespace sumi::kernels::peer
