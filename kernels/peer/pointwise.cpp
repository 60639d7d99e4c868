#include "kernels/peer/pointwise.h"

#include <array>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace sumi::kernels::peer {
namespace {

// A descriptor of the graph interface: attributes are set one by one, then it is finished and does not change any more.
class Node {
 public:
  explicit Node(cudnnBackendDescriptorType_t type) {
    SUMI_CUDNN_CALL(cudnnBackendCreateDescriptor(type, &value_));
  }
  ~Node() {
    if (value_) (void)cudnnBackendDestroyDescriptor(value_);
  }
  Node(Node&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Node& operator=(Node&&) = delete;

  template <class T>
  Node& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count,
            const T* values) {
    SUMI_CUDNN_CALL(cudnnBackendSetAttribute(value_, name, type, count, values));
    return *this;
  }
  template <class T>
  Node& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const T& value) {
    return set(name, type, 1, &value);
  }
  Node& set(cudnnBackendAttributeName_t name, const Node& node) {
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, node.value_);
  }
  Node finished() {
    SUMI_CUDNN_CALL(cudnnBackendFinalize(value_));
    return std::move(*this);
  }
  bool finishes() const { return cudnnBackendFinalize(value_) == CUDNN_STATUS_SUCCESS; }
  cudnnBackendDescriptor_t get() const { return value_; }

 private:
  cudnnBackendDescriptor_t value_ = nullptr;
};

// Tensors of a graph are told apart by numbers.
enum Id : std::int64_t { kX = 1, kY = 2, kDy = 3 };

Node tensor(Id id, DType t, const Shape& s) {
  const std::array<std::int64_t, 4> dims{s.n, s.c, s.h, s.w}, strides{s.h * s.w * s.c, 1, s.w * s.c, s.c};
  const cudnnDataType_t type = cudnn_type(t);
  const std::int64_t number = id, alignment = static_cast<std::int64_t>(size_of(t));
  return Node(CUDNN_BACKEND_TENSOR_DESCRIPTOR)
      .set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type)
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dims.data())
      .set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, strides.data())
      .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, number)
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, alignment)
      .finished();
}

struct Plan {
  Node plan{CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR};
  std::int64_t workspace = 0;
};

// The first of what cuDNN proposes for the graph that it can also build.
std::unique_ptr<Plan> plan_of(cudnnHandle_t handle, const Node& graph, const char* kernel) {
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    const Node proposals = Node(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
                               .set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
                               .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode)
                               .finished();
    std::int64_t count = 0;
    SUMI_CUDNN_CALL(cudnnBackendGetAttribute(proposals.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                             CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr));
    std::vector<Node> configs;
    std::vector<cudnnBackendDescriptor_t> handles;
    for (std::int64_t i = 0; i < count; ++i) {
      configs.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
      handles.push_back(configs.back().get());
    }
    SUMI_CUDNN_CALL(cudnnBackendGetAttribute(proposals.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                             CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &count, handles.data()));
    for (std::int64_t i = 0; i < count; ++i) {
      auto made = std::make_unique<Plan>();
      made->plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, handle)
          .set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configs[static_cast<std::size_t>(i)]);
      if (!made->plan.finishes()) continue;
      std::int64_t one = 0;
      SUMI_CUDNN_CALL(cudnnBackendGetAttribute(made->plan.get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                               CUDNN_TYPE_INT64, 1, &one, &made->workspace));
      if (made->workspace <= static_cast<std::int64_t>(kWorkspace)) return made;
    }
  }
  fail(kernel, "cuDNN has no engine for this shape");
}

// One operation on `operands`, whose ids and attributes are given: the last is what it writes.
struct Operand {
  Id id;
  cudnnBackendAttributeName_t attribute;
  void* data;
};

void run(const Exec& e, const char* kernel, cudnnPointwiseMode_t mode, double slope, DType t, const Shape& s,
         const std::vector<Operand>& operands) {
  const cudnnHandle_t handle = cudnn_handle(e);
  thread_local std::map<std::string, std::unique_ptr<Plan>> plans;
  auto& plan = plans[std::string(kernel) + s.str() + name_of(t) + std::to_string(slope)];
  if (!plan) {
    const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    const Node what = Node(CUDNN_BACKEND_POINTWISE_DESCRIPTOR)
                          .set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, mode)
                          .set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, sums)
                          .set(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, CUDNN_TYPE_DOUBLE, slope)
                          .finished();
    std::vector<Node> tensors;
    Node operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, what);
    for (const Operand& o : operands) {
      tensors.push_back(tensor(o.id, t, s));
      operation.set(o.attribute, tensors.back());
    }
    const Node done = operation.finished();
    const Node graph = Node(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR)
                           .set(CUDNN_ATTR_OPERATIONGRAPH_OPS, done)
                           .set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle)
                           .finished();
    plan = plan_of(handle, graph, kernel);
  }
  std::vector<std::int64_t> ids;
  std::vector<void*> data;
  for (const Operand& o : operands) ids.push_back(o.id), data.push_back(o.data);
  const auto count = static_cast<std::int64_t>(ids.size());
  void* const workspace =
      plan->workspace > 0 ? e.scratch->get(static_cast<std::size_t>(plan->workspace)) : nullptr;
  const Node pack = Node(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
                        .set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, ids.data())
                        .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, data.data())
                        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace)
                        .finished();
  SUMI_CUDNN_CALL(cudnnBackendExecute(handle, plan->plan.get(), pack.get()));
  e.ran("cudnn graph, pointwise");
}

void* writable(View v) {
  return const_cast<void*>(v.data);  // the interface has one type for what it reads and what it writes
}

}  // namespace

void leaky_relu(const Exec& e, double slope, View x, MutView y) {
  run(e, "peer leaky_relu", CUDNN_POINTWISE_RELU_FWD, slope, x.dtype, x.shape,
      {{kX, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, writable(x)},
       {kY, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y.data}});
}

void leaky_relu_grad(const Exec& e, double slope, View x, View dy, MutView dx) {
  run(e, "peer leaky_relu_grad", CUDNN_POINTWISE_RELU_BWD, slope, x.dtype, x.shape,
      {{kX, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, writable(x)},
       {kDy, CUDNN_ATTR_OPERATION_POINTWISE_DYDESC, writable(dy)},
       {kY, CUDNN_ATTR_OPERATION_POINTWISE_DXDESC, dx.data}});
}

}  // namespace sumi::kernels::peer
