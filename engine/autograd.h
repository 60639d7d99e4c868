// Reverse-mode differentiation on a tape: closures in execution order, walked backwards.
//
//   Tape tape;                              // records from here on, on this thread
//   Tensor fake = g(z);
//   Tape::Mark mark = tape.mark();
//   Tensor loss = d_loss(d(fake.detach()), ...);
//   tape.backward(loss, mark);              // gradients of d; what lies under the mark stays for later
//   tape.backward(g_loss(d(fake)));         // through d and g
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/tensor.h"
#include "kernels/base/exec.h"

namespace sumi {

// Where an op that computes a gradient may put its result: overwrite or add to `into`. Empty: a new
// tensor.
struct GradDest {
  Tensor into;
  Write write = Write::overwrite;

  // The tensor to write: `into`, or a new one.
  Tensor target(const Shape& shape, DType dtype, const Device& device) const {
    return into ? into : Tensor::empty(shape, dtype, device);
  }
};

// What a closure sees: which of its op's inputs want a gradient, and where to put it.
class Grads {
 public:
  virtual ~Grads() = default;
  virtual bool wants(int input) const = 0;
  // A parameter's place in its arena, so that no copy is made. To be filled at once and handed to
  // put().
  virtual GradDest dest(int input) = 0;
  // Adds `g` to the gradient of input i. Ignored where !wants(i).
  virtual void put(int input, const Tensor& g) = 0;
};

// Given the gradient of the op's result, computes those of its inputs, by means of ops.
using Backward = std::function<void(const Tensor& dy, Grads& grads)>;

class Tape {
 public:
  using Mark = std::size_t;

  Tape();  // becomes this thread's current tape
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // This thread's innermost tape, or null: then nothing is recorded.
  static Tape* current();
  // True when an op that is called now would be recorded if an input asked for gradients.
  static bool recording();

  Mark mark() const { return entries_.size(); }
  std::size_t size() const { return entries_.size(); }

  // Called by ops through record() below.
  void add(const char* op, std::vector<Tensor> inputs, const Tensor& output, Backward backward);

  // Gradients of `loss` (one element, or `dy` gives its gradient) go to the leaves: a parameter's
  // into its arena slot, another leaf's into Tensor::grad(), added to what is there. Entries down
  // to `until` are popped as they are walked, so activations die on the way.
  void backward(const Tensor& loss, Mark until = 0, const Tensor& dy = {});

  // Gradients of y with respect to xs, without popping and without touching slots. With
  // create_graph the computation records itself behind what is there, so it can be differentiated
  // again. An x that y does not depend on gets an absent tensor. Entries below `from` are not
  // walked.
  std::vector<Tensor> grad(const Tensor& y, const std::vector<Tensor>& xs, bool create_graph = false,
                           const Tensor& dy = {}, Mark from = 0);

  void clear() { entries_.clear(); }

 private:
  struct Entry {
    const char* op;
    std::string module;
    std::vector<Tensor> inputs;
    std::vector<bool> wanted;  // whether each input asked for gradients when the op ran
    Tensor output;
    Backward backward;
  };
  using GradMap = std::unordered_map<const void*, Tensor>;
  class Walk;

  std::vector<std::shared_ptr<Entry>> entries_;
  Tape* outer_;
};

// While it lives, this thread records nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool old_;
};

// For ops: marks y as needing gradients and records the closure, if any input needs them and
// recording is on. Returns y.
Tensor record(const char* op, std::vector<Tensor> inputs, Tensor y, Backward backward);
bool would_record(const std::vector<Tensor>& inputs);

}  // namespace sumi
