// Tracing of ops and the modules they belong to, for --explain (a table of one step) and
// --detect-anomaly (a search for NaN).
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
};

// Records this thread's ops while it lives. Not nested.
class Trace {
 public:
  Trace();
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  std::vector<OpRecord> records;
};

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

 private:
  const char* name_;
  std::int64_t record_ = -1;  // index in the trace
  double start_ = 0, inner_ = 0;
  Op* outer_ = nullptr;
};

}  // namespace sumi
