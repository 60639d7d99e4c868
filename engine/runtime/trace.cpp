#include "engine/runtime/trace.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>

#include "engine/runtime/device.h"
#include "kernels/reduce.h"

namespace sumi {
namespace {

struct ThreadState {
  Trace* trace = nullptr;
  Op* innermost = nullptr;
  KernelLog log;
  std::string module;
  bool backward = false;
};
thread_local ThreadState state;
std::atomic<bool> anomaly_mode{false};
std::atomic<std::int64_t> anomaly_step{-1};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Trace::Trace(bool keep_tensors) : keeps_tensors_(keep_tensors) {
  state.trace = this;
  set_kernel_log(&state.log);
}
Trace::~Trace() {
  state.trace = nullptr;
  set_kernel_log(nullptr);
}

void trace_update(const std::string& networks) {
  if (!state.trace || !state.trace->keeps_tensors_) return;
  OpRecord& record = state.trace->records.emplace_back();
  record.op = record.phase = "update";
  record.module = networks;
}

void set_anomaly_mode(bool on) {
  anomaly_mode = on;
}
void set_anomaly_step(std::int64_t step) {
  anomaly_step = step;
}

bool watching_ops() {
  return state.trace || anomaly_mode;
}

ModuleScope::ModuleScope(const std::string& name) : old_size_(state.module.size()) {
  if (name.empty()) return;
  if (state.trace && state.module.empty()) ++state.trace->calls_;
  // Children may be named by their whole path in the parent: "blocks.0.conv1" within "g.blocks.0".
  std::string_view own = name;
  for (std::size_t at = 0; at != std::string::npos && own.size() == name.size();
       at = state.module.find('.', at)) {
    if (at > 0) ++at;
    const std::string_view end = std::string_view(state.module).substr(at);
    if (!end.empty() && own.starts_with(end) && own.substr(end.size()).starts_with('.'))
      own.remove_prefix(end.size() + 1);
  }
  if (!state.module.empty()) state.module += '.';
  state.module += own;
}
ModuleScope::~ModuleScope() {
  state.module.resize(old_size_);
}
const std::string& module_path() {
  return state.module;
}

BackwardScope::BackwardScope(const std::string& module)
    : old_module_(state.module), old_backward_(state.backward) {
  state.module = module;
  state.backward = true;
}
BackwardScope::~BackwardScope() {
  state.module = std::move(old_module_);
  state.backward = old_backward_;
}

Op::Op(const char* name, std::initializer_list<Tensor> inputs) : name_(name) {
  if (!state.trace) return;
  OpRecord record{name, state.module, state.backward ? "backward" : "forward", {}, {0, 0, 0, 0}, {}, 0};
  for (const Tensor& t : inputs)
    if (t) record.inputs.push_back(t.shape());
  if (state.trace->keeps_tensors_) {
    record.call = state.module.empty() ? 0 : state.trace->calls_;
    record.reads = inputs;
  }
  record_ = static_cast<std::int64_t>(state.trace->records.size());
  state.trace->records.push_back(std::move(record));
  outer_ = state.innermost;
  state.innermost = this;
  state.log.clear();
  start_ = now();
}

void Op::done(const Tensor& y) {
  if (record_ >= 0 && state.trace) {
    OpRecord& record = state.trace->records[static_cast<std::size_t>(record_)];
    const double elapsed = now() - start_;
    record.seconds = elapsed - inner_;
    record.output = y.shape();
    if (state.trace->keeps_tensors_) record.result = y;
    record.kernels.insert(record.kernels.end(), state.log.begin(), state.log.end());
    state.log.clear();
    if (outer_) outer_->inner_ += elapsed;
  }
  if (anomaly_mode) {
    const std::int64_t bad = kernels::count_nonfinite(exec_on(y.device()), y.view());
    if (bad > 0)
      fail("check",
           fmt::format("{} of {} values are NaN or infinite in the {} result of {} ({}) in {} at step {}",
                       bad, y.count(), state.backward ? "backward" : "forward", name_, y.shape().str(),
                       state.module.empty() ? "no module" : state.module, anomaly_step.load()));
  }
}

void Op::reads(const std::vector<Tensor>& inputs) {
  if (record_ >= 0 && state.trace && state.trace->keeps_tensors_)
    state.trace->records[static_cast<std::size_t>(record_)].reads = inputs;
}

Op::~Op() {
  if (record_ >= 0) state.innermost = outer_;
}

}  // namespace sumi
