#include "kernels/peer/pointwise.h"

#include "kernels/peer/graph.h"

namespace sumi::kernels::peer {
namespace {

void run(const Exec& e, const char* kernel, cudnnPointwiseMode_t mode, double slope,
         std::vector<GraphOperand> operands) {
  const auto describe = [mode, slope](Node& operation) {
    const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    Node what = Node(CUDNN_BACKEND_POINTWISE_DESCRIPTOR)
                    .set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, mode)
                    .set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, sums)
                    .set(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, CUDNN_TYPE_DOUBLE, slope)
                    .finished();
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, what);
    return what;
  };
  run_graph(e, {kernel, "slope " + std::to_string(slope), CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR,
                std::move(operands), describe, false, true});
}

}  // namespace

void leaky_relu(const Exec& e, double slope, View x, MutView y) {
  run(e, "peer leaky_relu", CUDNN_POINTWISE_RELU_FWD, slope,
      {{CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x.dtype, x.shape, writable(x)},
       {CUDNN_ATTR_OPERATION_POINTWISE_YDESC, x.dtype, x.shape, y.data}});
}

void leaky_relu_grad(const Exec& e, double slope, View x, View dy, MutView dx) {
  run(e, "peer leaky_relu_grad", CUDNN_POINTWISE_RELU_BWD, slope,
      {{CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x.dtype, x.shape, writable(x)},
       {CUDNN_ATTR_OPERATION_POINTWISE_DYDESC, x.dtype, x.shape, writable(dy)},
       {CUDNN_ATTR_OPERATION_POINTWISE_DXDESC, x.dtype, x.shape, dx.data}});
}

}  // namespace sumi::kernels::peer
