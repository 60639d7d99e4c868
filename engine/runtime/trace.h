// What is running: the op and the module it belongs to. Serves --explain (a table of one step) and --detect-anomaly
// (NaN hunt).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

// One op that ran.
struct OpRecord {
  std::string op;
  std::string module;  // dotted, from the network's name on: "g.main.3"
  std::string phase;   // "forward" or "backward"
  std::vector<Shape> inputs;
  Shape output;
  std::vector<std::string> kernels;  // implementations that ran
  double seconds = 0;                // without the ops inside it
};

// While a Trace lives, this thread's ops are recorded in it. Not nested.
class Trace {
 public:
  Trace();
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  std::vector<OpRecord> records;
};

// --detect-anomaly: every op's result is tested for NaN and infinity; the Error names op, module, shapes and step.
void set_anomaly_mode(bool on);
void set_anomaly_step(std::int64_t step);

// Whether this thread has a Trace, or --detect-anomaly is on: somebody wants to see every op of each step.
bool watching_ops();

// Adds a name to this thread's module path while it lives.
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

// Replaces module path and phase while the backward of a recorded op runs.
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

// The start and end of one op. done() is called with the result.
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
