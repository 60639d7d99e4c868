#include "kernels/peer/graph.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>

#include "kernels/base/launch.h"

namespace sumi::kernels::peer {
namespace {

constexpr std::size_t kMostTried = 10;

struct Plan {
  Node plan{CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR};
  std::int64_t workspace = 0;
  std::string name;
};

// The alignment of an address, at most 16, which engines with vector loads need to know.
std::int64_t alignment_of(const void* data) {
  std::int64_t alignment = 1;
  while (alignment < 16 &&
         reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(2 * alignment) == 0)
    alignment *= 2;
  return alignment;
}

Node tensor(std::int64_t id, const GraphOperand& o) {
  const Shape& s = o.shape;
  const std::array<std::int64_t, 4> dims{s.n, s.c, s.h, s.w}, strides{s.h * s.w * s.c, 1, s.w * s.c, s.c};
  const cudnnDataType_t type = cudnn_type(o.dtype);
  const std::int64_t alignment = alignment_of(o.data);
  return Node(CUDNN_BACKEND_TENSOR_DESCRIPTOR)
      .set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type)
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dims.data())
      .set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, strides.data())
      .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, id)
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, alignment)
      .finished();
}

Node graph_of(cudnnHandle_t handle, const GraphOperation& what) {
  Node operation(what.type);
  const Node inner = what.describe(operation);
  std::vector<Node> tensors;
  for (const GraphOperand& o : what.operands) {
    tensors.push_back(tensor(static_cast<std::int64_t>(tensors.size()) + 1, o));
    operation.set(o.attribute, tensors.back());
  }
  const Node done = operation.finished();
  return Node(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR)
      .set(CUDNN_ATTR_OPERATIONGRAPH_OPS, done)
      .set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle)
      .finished();
}

// cuDNN's proposals for the graph, best first by its own estimate.
std::vector<Node> proposals(const Node& graph, cudnnBackendHeurMode_t mode) {
  const Node heuristic = Node(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
                             .set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
                             .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode)
                             .finished();
  std::int64_t count = 0;
  SUMI_CUDNN_CALL(cudnnBackendGetAttribute(heuristic.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                           CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr));
  std::vector<Node> configs;
  std::vector<cudnnBackendDescriptor_t> handles;
  for (std::int64_t i = 0; i < count; ++i) {
    configs.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    handles.push_back(configs.back().get());
  }
  if (count > 0)
    SUMI_CUDNN_CALL(cudnnBackendGetAttribute(heuristic.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                             CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &count, handles.data()));
  while (static_cast<std::int64_t>(configs.size()) > count) configs.pop_back();
  return configs;
}

// The engine number of a configuration, and its effect on precision.
struct Engine {
  std::int64_t number = -1;
  bool tensor_cores = false, narrows = false;
};
Engine engine_of(const Node& config) {
  const Node engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  cudnnBackendDescriptor_t handle = engine.get();
  std::int64_t count = 0;
  SUMI_CUDNN_CALL(cudnnBackendGetAttribute(config.get(), CUDNN_ATTR_ENGINECFG_ENGINE,
                                           CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &handle));
  Engine found;
  SUMI_CUDNN_CALL(cudnnBackendGetAttribute(handle, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1,
                                           &count, &found.number));
  std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
  std::int64_t said = 0;
  SUMI_CUDNN_CALL(cudnnBackendGetAttribute(handle, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                           CUDNN_TYPE_NUMERICAL_NOTE, static_cast<std::int64_t>(notes.size()),
                                           &said, notes.data()));
  for (std::int64_t i = 0; i < said; ++i) {
    found.tensor_cores |= notes[static_cast<std::size_t>(i)] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
    found.narrows |= notes[static_cast<std::size_t>(i)] == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS;
  }
  return found;
}

// Up to `most` plans that compute the operation and can be built.
std::vector<std::unique_ptr<Plan>> plans_of(cudnnHandle_t handle, const GraphOperation& what,
                                            std::size_t most) {
  const Node graph = graph_of(handle, what);
  std::vector<std::unique_ptr<Plan>> plans;
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    if (!plans.empty()) break;
    for (const Node& config : proposals(graph, mode)) {
      const Engine engine = engine_of(config);
      const bool f32 = what.operands.front().dtype == DType::f32;
      if (f32 && (engine.narrows || (engine.tensor_cores && !what.tensor_cores))) continue;
      auto made = std::make_unique<Plan>();
      made->plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, handle)
          .set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
      if (!made->plan.finishes()) continue;
      std::int64_t one = 0;
      SUMI_CUDNN_CALL(cudnnBackendGetAttribute(made->plan.get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                               CUDNN_TYPE_INT64, 1, &one, &made->workspace));
      if (made->workspace > static_cast<std::int64_t>(kWorkspace)) continue;
      made->name = "cudnn graph, engine " + std::to_string(engine.number) +
                   (engine.tensor_cores ? ", tensor cores" : "");
      plans.push_back(std::move(made));
      if (plans.size() == most) return plans;
    }
  }
  return plans;
}

cudnnStatus_t execute(const Exec& e, cudnnHandle_t handle, const Plan& plan, const GraphOperation& what) {
  std::vector<std::int64_t> ids;
  std::vector<void*> data;
  for (const GraphOperand& o : what.operands) {
    ids.push_back(static_cast<std::int64_t>(ids.size()) + 1);
    data.push_back(o.data);
  }
  const auto count = static_cast<std::int64_t>(ids.size());
  void* const workspace =
      plan.workspace > 0 ? e.scratch->get(static_cast<std::size_t>(plan.workspace)) : nullptr;
  const Node pack = Node(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
                        .set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, ids.data())
                        .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, data.data())
                        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace)
                        .finished();
  return cudnnBackendExecute(handle, plan.plan.get(), pack.get());
}

class Stopwatch {
 public:
  Stopwatch() {
    SUMI_CUDA_CALL(cudaEventCreate(&begin_));
    SUMI_CUDA_CALL(cudaEventCreate(&end_));
  }
  ~Stopwatch() {
    (void)cudaEventDestroy(begin_);
    (void)cudaEventDestroy(end_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  // The shortest of three runs, in ms; infinity if the plan does not run.
  float best_of(const Exec& e, cudnnHandle_t handle, const Plan& plan, const GraphOperation& what) const {
    float best = std::numeric_limits<float>::infinity();
    if (execute(e, handle, plan, what) != CUDNN_STATUS_SUCCESS) return best;
    for (int i = 0; i < 3; ++i) {
      SUMI_CUDA_CALL(cudaEventRecord(begin_, e.stream));
      if (execute(e, handle, plan, what) != CUDNN_STATUS_SUCCESS) break;
      SUMI_CUDA_CALL(cudaEventRecord(end_, e.stream));
      SUMI_CUDA_CALL(cudaEventSynchronize(end_));
      float ms = 0;
      SUMI_CUDA_CALL(cudaEventElapsedTime(&ms, begin_, end_));
      best = std::min(best, ms);
    }
    return best;
  }

 private:
  cudaEvent_t begin_{}, end_{};
};

std::unique_ptr<Plan> choose(const Exec& e, cudnnHandle_t handle, const GraphOperation& what) {
  auto plans = plans_of(handle, what, what.timed ? kMostTried : 1);
  if (plans.empty()) fail(what.kernel, "cuDNN has no engine for " + what.key);
  if (plans.size() == 1) return std::move(plans.front());
  const Stopwatch watch;
  std::size_t best = plans.size();
  float best_ms = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const float ms = watch.best_of(e, handle, *plans[i], what);
    if (ms < best_ms) best = i, best_ms = ms;
  }
  if (best == plans.size()) fail(what.kernel, "none of cuDNN's engines runs " + what.key);
  return std::move(plans[best]);
}

}  // namespace

void run_graph(const Exec& e, const GraphOperation& operation) {
  const cudnnHandle_t handle = cudnn_handle(e);
  thread_local std::map<std::string, std::unique_ptr<Plan>> plans;
  std::string key =
      std::string(operation.kernel) + " " + operation.key + (operation.tensor_cores ? " t" : "");
  for (const GraphOperand& o : operation.operands)
    key += " " + o.shape.str() + name_of(o.dtype) + std::to_string(alignment_of(o.data));
  auto found = plans.find(key);
  if (found == plans.end()) found = plans.emplace(key, choose(e, handle, operation)).first;
  SUMI_CUDNN_CALL(execute(e, handle, *found->second, operation));
  e.ran(found->second->name.c_str());
}

}  // namespace sumi::kernels::peer
