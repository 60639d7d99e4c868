#include "engine/runtime/graph.h"

#include <fmt/format.h>

#include "engine/runtime/captured_scalars.h"
#include "engine/runtime/device.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/trace.h"
#include "kernels/base/launch.h"

namespace sumi {
namespace {

constexpr int kRunsBefore = 2;          // eager runs before the capture
constexpr std::size_t kMostGraphs = 4;  // each holds the memory of a whole step

std::string key_of(const std::string& key, const std::vector<Tensor>& inputs) {
  std::string whole = key;
  for (const Tensor& x : inputs) whole += fmt::format(" {} {}", x.shape().str(), name_of(x.dtype()));
  return whole;
}

}  // namespace

class StepGraph::Captured {
 public:
  Captured(const Device& device, const std::vector<Tensor>& inputs)
      : device_(device), pool_(Pool::make_private(device)), scratch_(device_scratch()), values_(device) {
    for (const Tensor& x : inputs) inputs_.push_back(Tensor::empty_like(x));
  }
  ~Captured() {
    // at program exit the driver may already be unloaded
    if (graph_) (void)cudaGraphExecDestroy(graph_);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  bool replays() const { return graph_ != nullptr; }

  const std::vector<Tensor>& run(const std::vector<Tensor>& inputs, const Step& step) {
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs_[i].assign(inputs[i]);
    if (runs_ < kRunsBefore) {
      ++runs_;
      return results_ = call(step);
    }
    if (!graph_) capture(step);
    values_.publish();
    SUMI_CUDA_CALL(cudaGraphLaunch(graph_, exec_on(device_).stream));
    return results_;
  }

 private:
  std::vector<Tensor> call(const Step& step) {
    const Pool::Use pool(*pool_);
    const ScratchUse scratch(device_, scratch_);
    return step(inputs_);
  }

  void capture(const Step& step) {
    const auto stream = exec_on(device_).stream;
    cudaGraph_t graph = nullptr;
    SUMI_CUDA_CALL(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    try {
      const CapturedScalars::Use values(values_);
      results_ = call(step);
    } catch (const std::exception& error) {
      (void)cudaStreamEndCapture(stream, &graph);
      (void)cudaGetLastError();
      fail("step", fmt::format("cannot be captured ({}); go on from the last checkpoint with --no-cuda-graph",
                               error.what()));
    }
    SUMI_CUDA_CALL(cudaStreamEndCapture(stream, &graph));
    const cudaError_t error = cudaGraphInstantiate(&graph_, graph, 0);
    (void)cudaGraphDestroy(graph);
    SUMI_CUDA_CALL(error);
  }

  Device device_;
  std::shared_ptr<Pool> pool_;
  Scratch scratch_;
  CapturedScalars values_;
  std::vector<Tensor> inputs_, results_;
  int runs_ = 0;
  cudaGraphExec_t graph_ = nullptr;
};

StepGraph::StepGraph(const Device& device) : device_(device) {}
StepGraph::~StepGraph() = default;

std::vector<Tensor> StepGraph::run(const std::string& key, const std::vector<Tensor>& inputs,
                                   const Step& step) {
  if (device_.on_host() || watching_ops()) return step(inputs);
  const std::string name = key_of(key, inputs);
  auto found = graphs_.find(name);
  if (found == graphs_.end()) {
    if (graphs_.size() == kMostGraphs) return step(inputs);
    found = graphs_.emplace(name, std::make_unique<Captured>(device_, inputs)).first;
  }
  replays_ += found->second->replays() ? 1 : 0;
  return found->second->run(inputs, step);
}

std::size_t StepGraph::captured() const {
  std::size_t count = 0;
  for (const auto& [name, graph] : graphs_) count += graph->replays() ? 1 : 0;
  return count;
}

}  // namespace sumi
