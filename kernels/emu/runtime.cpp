#include "kernels/emu/runtime.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernels/base/check.h"
#include "kernels/emu/heap.h"

namespace sumi::emu {
namespace {

Schedule order_from_environment() {
  const char* text = std::getenv("SUMI_EMU_ORDER");
  if (!text || !*text || std::strcmp(text, "ascending") == 0) return Schedule::ascending();
  if (std::strcmp(text, "descending") == 0) return Schedule::descending();
  char* end = nullptr;
  const unsigned long long seed = std::strtoull(text, &end, 10);
  if (*end) fail("emu", std::string("SUMI_EMU_ORDER is \"") + text + "\": ascending, descending or a seed");
  return Schedule::shuffle(seed);
}

void first_from_environment(Schedules& orders) {
  const char* text = std::getenv("SUMI_EMU_FIRST");
  if (!text || !*text) return;
  char* end = nullptr;
  orders.first_block = std::strtoll(text, &end, 10);
  if (*end == ',') orders.first_thread = std::strtoll(end + 1, &end, 10);
  if (*end) fail("emu", std::string("SUMI_EMU_FIRST is \"") + text + "\": BLOCK,THREAD as linear indices");
}

bool verify_from_environment() {
  const char* text = std::getenv("SUMI_EMU_VERIFY");
  return text && *text && std::strcmp(text, "0") != 0;
}

bool may_run(const Work& work) {
  return std::all_of(work.after.begin(), work.after.end(), [](const WorkPtr& w) { return w->done; });
}

}  // namespace

Runtime& Runtime::get() {
  static Runtime& runtime = *new Runtime;
  return runtime;
}

Runtime::Runtime() : verify(verify_from_environment()), default_stream(new CUstream_st) {
  const Schedule order = order_from_environment();
  orders = {order, order, order};
  first_from_environment(orders);
  stream_random = Random(order.seed);
  streams.push_back(default_stream);
}

CUstream_st* Runtime::find(cudaStream_t stream) {
  // cudaStreamLegacy is the handle 1.
  if (stream == nullptr || stream == reinterpret_cast<cudaStream_t>(1)) return default_stream;
  return std::find(streams.begin(), streams.end(), stream) == streams.end() ? nullptr : stream;
}

cudaError_t Runtime::submit(CUstream_st* stream, std::function<void()> run) {
  if (stream->capture) {
    Capture& capture = *stream->capture;
    if (capture.invalid) return report(cudaErrorStreamCaptureInvalidated);
    capture.nodes.push_back({std::move(run), stream->point});
    stream->point = {capture.nodes.size() - 1};
    return cudaSuccess;
  }
  if (stream == default_stream)
    if (const cudaError_t error = refuse_if_implicit()) return error;
  auto work = std::make_shared<Work>();
  work->run = std::move(run);
  work->after = std::move(stream->waits);
  stream->waits.clear();
  if (stream->last) work->after.push_back(stream->last);
  // The default stream waits for all blocking streams, and they wait for it.
  if (stream == default_stream) {
    for (const CUstream_st* other : streams)
      if (other != stream && other->blocking() && other->last) work->after.push_back(other->last);
  } else if (stream->blocking() && default_stream->last) {
    work->after.push_back(default_stream->last);
  }
  std::erase_if(work->after, [](const WorkPtr& w) { return w->done; });
  stream->last = work;
  stream->queue.push_back(std::move(work));
  stream->queried = false;
  return cudaSuccess;
}

void Runtime::finish(const std::vector<WorkPtr>& targets) {
  if (postponed_) std::rethrow_exception(std::exchange(postponed_, nullptr));
  std::vector<Work*> pending;
  for (const WorkPtr& target : targets)
    if (target && !target->done) pending.push_back(target.get());
  if (pending.empty()) return;
  while (!pending.empty()) {
    Work* work = pending.back();
    pending.pop_back();
    if (work->done || work->needed) continue;
    work->needed = true;
    for (const WorkPtr& before : work->after) pending.push_back(before.get());
  }
  const HeapAccess access;
  try {
    choose_and_run();
  } catch (...) {
    for (CUstream_st* stream : streams) {
      for (const WorkPtr& work : stream->queue) {
        work->done = true;
        work->after.clear();
      }
      stream->queue.clear();
    }
    throw;
  }
}

// Runs all work marked as needed.
void Runtime::choose_and_run() {
  std::vector<std::uint32_t> order;
  while (true) {
    CUstream_st* chosen = nullptr;
    arrange(order, streams.size(), orders.streams, stream_random);
    for (std::uint32_t i : order) {
      CUstream_st* stream = streams[i];
      if (stream->queue.empty() || !stream->queue.front()->needed || !may_run(*stream->queue.front()))
        continue;
      chosen = stream;
      break;
    }
    if (!chosen) return;
    const WorkPtr work = chosen->queue.front();
    work->run();
    work->done = true;
    work->run = nullptr;
    work->after.clear();
    chosen->queue.pop_front();
  }
}

void Runtime::finish_all() {
  std::vector<WorkPtr> targets;
  for (const CUstream_st* stream : streams) targets.push_back(stream->last);
  finish(targets);
}

cudaError_t Runtime::finish_quietly() {
  try {
    finish_all();
    return cudaSuccess;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    postponed_ = std::current_exception();
    return report(cudaErrorLaunchFailure, error.what());
  }
}

bool Runtime::is_pinned(const void* pointer, std::size_t bytes) const {
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(pointer);
  auto it = pinned.upper_bound(at);
  if (it == pinned.begin()) return false;
  --it;
  return at - it->first <= it->second && bytes <= it->second - (at - it->first);
}

ScheduleScope::ScheduleScope(Schedules orders) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  before_ = runtime.orders;
  runtime.orders = orders;
  runtime.stream_random = Random(orders.streams.seed);
}

ScheduleScope::~ScheduleScope() {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  runtime.orders = before_;
}

VerifyScope::VerifyScope(bool on) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  before_ = runtime.verify;
  runtime.verify = on;
}

VerifyScope::~VerifyScope() {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  runtime.verify = before_;
}

std::size_t launch_count(const std::string& name) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  const auto it = runtime.launches.find(name);
  return it == runtime.launches.end() ? 0 : it->second;
}

}  // namespace sumi::emu
