// cuDNN's graph interface, which PyTorch uses too: one operation on tensors, and cuDNN's fastest
// plan for it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/peer/library.h"

namespace sumi::kernels::peer {

// A descriptor: attributes are set one by one, then it is finished and becomes immutable.
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

// A tensor that the operation reads or writes, with the attribute it is bound to. NHWC.
struct GraphOperand {
  cudnnBackendAttributeName_t attribute;
  DType dtype;
  Shape shape;
  void* data;
};
inline void* writable(View v) {
  // the interface has one type for inputs and outputs
  return const_cast<void*>(v.data);
}

struct GraphOperation {
  const char* kernel;  // names the operation in errors
  // with the operands' shapes, types and alignments, everything that the plan depends on
  std::string key;
  cudnnBackendDescriptorType_t type;
  std::vector<GraphOperand> operands;
  // Sets every other attribute of the operation. The returned node lives until the operation is
  // finished.
  std::function<Node(Node& operation)> describe;
  bool tensor_cores;  // true if f32 factors may be rounded for them
  // If true, the first call runs up to ten plans on the operands, as PyTorch's benchmark mode does,
  // and keeps the fastest. Otherwise cuDNN's first proposal is used, for operations that must not
  // run twice.
  bool timed;
};

// Runs the operation on exec's stream. The first call of a key creates the plan; the engine's
// number is logged to exec. Needs scratch memory.
void run_graph(const Exec& e, const GraphOperation& operation);

}  // namespace sumi::kernels::peer
