// Capture and graphs. While a stream is captured, work submitted to it becomes nodes of a graph;
// other streams join by waiting for an event of it. Calls that the real runtime rejects during a
// capture are rejected here, with the same code, and invalidate the capture: cudaStreamEndCapture
// then returns cudaErrorStreamCaptureInvalidated.
#include <algorithm>

#include "kernels/emu/runtime.h"

struct CUgraph_st {
  std::shared_ptr<const std::vector<sumi::emu::GraphNode>> nodes;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<sumi::emu::GraphNode>> nodes;
};

namespace sumi::emu {
namespace {

// Never destroyed: static objects of a program may hold graphs.
std::set<CUgraph_st*>& graphs = *new std::set<CUgraph_st*>;
std::set<CUgraphExec_st*>& execs = *new std::set<CUgraphExec_st*>;

// The nodes that work after `point` depends on, itself included.
std::vector<bool> ancestors(const std::vector<GraphNode>& nodes, const Point& point) {
  std::vector<bool> reached(nodes.size());
  Point pending = point;
  while (!pending.empty()) {
    const std::size_t node = pending.back();
    pending.pop_back();
    if (reached[node]) continue;
    reached[node] = true;
    pending.insert(pending.end(), nodes[node].after.begin(), nodes[node].after.end());
  }
  return reached;
}

// Removes the capture from its streams; returns true if all of them had been joined to its origin.
bool end(const std::shared_ptr<Capture>& capture) {
  Runtime& runtime = Runtime::get();
  const std::vector<bool> joined = ancestors(capture->nodes, capture->origin->point);
  for (CUstream_st* stream : runtime.streams) {
    if (stream->capture != capture) continue;
    stream->capture = nullptr;
    stream->point.clear();
  }
  capture->ended = true;
  std::erase(runtime.captures, capture);
  return std::all_of(joined.begin(), joined.end(), [](bool b) { return b; });
}

}  // namespace

cudaError_t Runtime::refuse_if_capturing() {
  bool refused = false;
  for (const auto& capture : captures) {
    const bool here = capture->thread == std::this_thread::get_id();
    if (capture->mode == cudaStreamCaptureModeRelaxed) continue;
    if (capture->mode == cudaStreamCaptureModeThreadLocal && !here) continue;
    capture->invalid = refused = true;
  }
  return refused ? report(cudaErrorStreamCaptureUnsupported, "a call that is not permitted during a capture")
                 : cudaSuccess;
}

cudaError_t Runtime::refuse_if_implicit() {
  bool refused = false;
  for (const CUstream_st* stream : streams)
    if (stream->capture && stream->blocking()) stream->capture->invalid = refused = true;
  return refused ? report(cudaErrorStreamCaptureImplicit,
                          "the default stream used while a blocking stream is captured")
                 : cudaSuccess;
}

void run_graph(const std::vector<GraphNode>& nodes) {
  const Schedule& streams = Runtime::get().orders.streams;
  Random random(streams.seed);
  std::vector<bool> done(nodes.size());
  std::vector<std::uint32_t> order;
  for (std::size_t left = nodes.size(); left > 0; --left) {
    if (order.empty() || streams.kind == Schedule::Kind::shuffled)
      arrange(order, nodes.size(), streams, random);
    for (std::uint32_t node : order) {
      if (done[node]) continue;
      if (!std::all_of(nodes[node].after.begin(), nodes[node].after.end(),
                       [&](std::size_t n) { return done[n]; }))
        continue;
      nodes[node].run();
      done[node] = true;
      break;
    }
  }
}

}  // namespace sumi::emu

using namespace sumi::emu;

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  if (stream == runtime.default_stream)
    return report(cudaErrorStreamCaptureUnsupported, "the default stream cannot be captured");
  if (stream->capture) return report(cudaErrorIllegalState, "the stream is being captured already");
  auto capture = std::make_shared<Capture>();
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->origin = stream;
  stream->capture = capture;
  stream->point.clear();
  runtime.captures.push_back(std::move(capture));
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  *graph = nullptr;
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  if (!stream->capture) return report(cudaErrorIllegalState, "the stream is not being captured");
  const std::shared_ptr<Capture> capture = stream->capture;
  if (capture->origin != stream) return report(cudaErrorStreamCaptureUnmatched);
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id())
    return report(cudaErrorStreamCaptureWrongThread);
  const bool joined = end(capture);
  if (capture->invalid) return report(cudaErrorStreamCaptureInvalidated);
  if (!joined) return report(cudaErrorStreamCaptureUnjoined);
  *graph = new CUgraph_st{std::make_shared<const std::vector<GraphNode>>(std::move(capture->nodes))};
  graphs.insert(*graph);
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  *status = !stream->capture           ? cudaStreamCaptureStatusNone
            : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                       : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  const Lock lock(Runtime::get().mutex);
  if (!graphs.count(graph)) return report(cudaErrorInvalidValue, "no such graph");
  *exec = new CUgraphExec_st{graph->nodes};
  execs.insert(*exec);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  if (!execs.count(exec)) return report(cudaErrorInvalidValue, "no such executable graph");
  return runtime.submit(stream, [nodes = exec->nodes] { run_graph(*nodes); });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  const Lock lock(Runtime::get().mutex);
  if (execs.erase(exec) == 0) return report(cudaErrorInvalidValue, "no such executable graph");
  delete exec;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  const Lock lock(Runtime::get().mutex);
  if (graphs.erase(graph) == 0) return report(cudaErrorInvalidValue, "no such graph");
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  const Lock lock(Runtime::get().mutex);
  if (!graphs.count(graph)) return report(cudaErrorInvalidValue, "no such graph");
  if (nodes)
    for (std::size_t i = 0; i < *count; ++i)
      nodes[i] = i < graph->nodes->size()
                     ? reinterpret_cast<cudaGraphNode_t>(const_cast<GraphNode*>(&(*graph->nodes)[i]))
                     : nullptr;
  if (!nodes) *count = graph->nodes->size();
  return cudaSuccess;
}
