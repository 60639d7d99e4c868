// The runtime's state: streams as queues of work, events, captures, settings. One mutex guards all
// of it and is held while work runs.
//
// A Work item runs when a synchronization needs it. It depends on the previous item of its stream
// and on those that cudaStreamWaitEvent or the default stream's rule name. Among streams whose next
// item may run, the stream schedule chooses.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kernels/emu/block.h"
#include "kernels/emu/include/cuda_api.h"
#include "kernels/emu/schedule.h"

namespace sumi::emu {

struct Work {
  std::function<void()> run;
  std::vector<std::shared_ptr<Work>> after;
  bool done = false, needed = false;
};
using WorkPtr = std::shared_ptr<Work>;

struct GraphNode {
  std::function<void()> run;
  std::vector<std::size_t> after;  // indices of earlier nodes
};

struct Capture {
  cudaStreamCaptureMode mode;
  std::thread::id thread;
  CUstream_st* origin;
  std::vector<GraphNode> nodes;
  bool invalid = false, ended = false;
};
// of a capture: the nodes that subsequent work must wait for
using Point = std::vector<std::size_t>;

class Runtime {
 public:
  static Runtime& get();

  std::recursive_mutex mutex;
  Schedules orders;
  Random stream_random{0};
  bool verify = false;
  int devices = 1;
  CUstream_st* default_stream;
  std::vector<CUstream_st*> streams;  // by age, the default one first
  std::set<CUevent_st*> events;
  std::vector<std::shared_ptr<Capture>> captures;  // active ones
  std::map<std::uintptr_t, std::size_t> pinned;    // address, bytes
  std::map<std::string, std::size_t> launches;

  // Returns null for an invalid handle.
  CUstream_st* find(cudaStream_t stream);
  // Appends to the stream's queue, or to the graph that it captures.
  cudaError_t submit(CUstream_st* stream, std::function<void()> run);
  // Runs the targets and their dependencies. Throws a kernel's error; all queued work is dropped
  // then.
  void finish(const std::vector<WorkPtr>& targets);
  void finish_all();
  // finish_all() for destructors: a kernel's error is printed, and thrown by the next finish().
  cudaError_t finish_quietly();

  // The result of a call that is unsafe during a capture; invalidates the captures that forbid it.
  cudaError_t refuse_if_capturing();
  // The same for a call that uses the default stream's implicit order.
  cudaError_t refuse_if_implicit();
  bool is_pinned(const void* pointer, std::size_t bytes) const;

 private:
  Runtime();
  void choose_and_run();
  std::exception_ptr postponed_;
};

// Runs one launch: in the chosen order, or in several if verify is on. Device memory is open.
void run_kernel(const Kernel& kernel);
// Runs a graph's nodes in an order given by the stream schedule.
void run_graph(const std::vector<GraphNode>& nodes);

// The device that is current in this thread.
int current_device();

// Sets this thread's last error and its detail, and returns the error.
cudaError_t report(cudaError_t error, std::string detail = {});

using Lock = std::lock_guard<std::recursive_mutex>;

}  // namespace sumi::emu

struct CUstream_st {
  unsigned flags = 0;
  int device = sumi::emu::current_device();
  std::deque<sumi::emu::WorkPtr> queue;   // not yet run
  sumi::emu::WorkPtr last;                // newest ever submitted, or null
  std::vector<sumi::emu::WorkPtr> waits;  // for the next work
  bool queried = false;                   // a query has answered "not ready" since the last submission
  std::shared_ptr<sumi::emu::Capture> capture;
  sumi::emu::Point point;

  bool blocking() const { return !(flags & cudaStreamNonBlocking); }
};

struct CUevent_st {
  unsigned flags = 0;
  int device = sumi::emu::current_device();
  sumi::emu::WorkPtr work;  // the record; null: never recorded
  std::shared_ptr<std::chrono::steady_clock::time_point> time;
  bool queried = false;
  std::shared_ptr<sumi::emu::Capture> capture;  // recorded inside of it
  sumi::emu::Point point;
};
