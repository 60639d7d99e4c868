// Tracing of ops and the modules they belong to, for --explain (a table of one step),
// --detect-anomaly (a search for NaN) and diagrams (the flow of tensors through one step).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

// One executed op.
struct OpRecord {
  std::string op;
  std::string module;  // dotted path that begins with the network's name: "g.main.3"
  std::string phase;   // "forward" or "backward"
  std::vector<Shape> inputs;
  Shape output;
  std::vector<std::string> kernels;  // implementations that ran
  double seconds = 0;                // excluding nested ops
  // Only for a Trace that keeps tensors:
  std::size_t call = 0;         // number of the outermost module's call, from 1; 0 outside of modules
  std::vector<Tensor> reads{};  // operands
  Tensor result{};
};

// Records this thread's ops while it lives. Not nested. With `keep_tensors` the records hold the
// operands and results, so that no storage is reused and equal addresses mean equal values; an
// optimizer's update is a record of phase "update" then (trace_update()).
class Trace {
 public:
  explicit Trace(bool keep_tensors = false);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  std::vector<OpRecord> records;

 private:
  friend class Op;
  friend class ModuleScope;
  friend void trace_update(const std::string& networks);
  bool keeps_tensors_;
  std::size_t calls_ = 0;
};

// Records that the parameters of `networks` ("g_ab, g_ba") have been updated, if this thread has a
// Trace that keeps tensors.
void trace_update(const std::string& networks);

// --detect-anomaly: tests every op's result for NaN and infinity; the Error names op, module,
// shapes and step.
void set_anomaly_mode(bool on);
void set_anomaly_step(std::int64_t step);

// Returns true if this thread has a Trace or --detect-anomaly is on, so that every op of each step
// must run individually.
bool watching_ops();

// Appends a name to this thread's module path while it lives.
class ModuleScope {
 public:
  explicit ModuleScope(const std::string& name);
  ~ModuleScope();
  ModuleScope(const ModuleScope&) = delete;
  ModuleScope& operator=(const ModuleScope&) = delete;

 private:
  std::size_t old_size_;
};
const std::string& module_path();

// Replaces module path and phase during the backward pass of a recorded op.
class BackwardScope {
 public:
  explicit BackwardScope(const std::string& module);
  ~BackwardScope();
  BackwardScope(const BackwardScope&) = delete;
  BackwardScope& operator=(const BackwardScope&) = delete;

 private:
  std::string old_module_;
  bool old_backward_;
};

// The scope of one op. done() is called with the result.
class Op {
 public:
  Op(const char* name, std::initializer_list<Tensor> inputs);
  ~Op();
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;
  const char* name() const { return name_; }
  void done(const Tensor& y);
  // All operands, if the constructor did not get them.
  void reads(const std::vector<Tensor>& inputs);

 private:
  const char* name_;
  std::int64_t record_ = -1;  // index in the trace
  double start_ = 0, inner_ = 0;
  Op* outer_ = nullptr;
};

}  // namespace sumi
