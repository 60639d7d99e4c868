// cuDNN's graph interface, which PyTorch uses as well: one operation on tensors, and the fastest
// plan that cuDNN has for it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/peer/library.h"

namespace sumi::kernels::peer {

// A descriptor: attributes are set one by one, then it is finished and does not change any more.
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

// What the operation reads or writes: as which of its attributes, NHWC.
struct GraphOperand {
  cudnnBackendAttributeName_t attribute;
  DType dtype;
  Shape shape;
  void* data;
};
inline void* writable(View v) {
  // the interface has one type for what it reads and what it writes
  return const_cast<void*>(v.data);
}

struct GraphOperation {
  const char* kernel;  // names it in errors
  std::string key;     // with the operands' shapes, types and alignments all that its plan depends on
  cudnnBackendDescriptorType_t type;
  std::vector<GraphOperand> operands;
  // Sets every other attribute of the operation. What it returns lives until that one is finished.
  std::function<Node(Node& operation)> describe;
  bool tensor_cores;  // whether f32 factors may be rounded for them
  // Whether the first call runs up to ten plans on the operands, as PyTorch's benchmark mode does,
  // and keeps the fastest. Else the first that cuDNN proposes, for what must not run twice.
  bool timed;
};

// Runs it on exec's stream. The first call of a key makes the plan; exec's log gets the engine's
// number. Needs scratch memory.
void run_graph(const Exec& e, const GraphOperation& operation);

}  // namespace sumi::kernels::peer
