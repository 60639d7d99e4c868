// Reverse-mode automatic differentiation on a tape: closures in execution order, walked backward.
//
//   Tape tape;                              // records from here on, on this thread
//   Tensor fake = g(z);
//   Tape::Mark mark = tape.mark();
//   Tensor loss = d_loss(d(fake.detach()), ...);
//   tape.backward(loss, mark);              // gradients of d; entries before the mark are kept
//   tape.backward(g_loss(d(fake)));         // through d and g
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/tensor.h"
#include "kernels/base/exec.h"

namespace sumi {

// Where an op that computes a gradient may write it: overwriting or adding to `into`. Empty: a new
// tensor.
struct GradDest {
  Tensor into;
  Write write = Write::overwrite;

  // The tensor to write: `into`, or a new one.
  Tensor target(const Shape& shape, DType dtype, const Device& device) const {
    return into ? into : Tensor::empty(shape, dtype, device);
  }
};

// The gradients that a closure must compute, and where to write them.
class Grads {
 public:
  virtual ~Grads() = default;
  virtual bool wants(int input) const = 0;
  // A parameter's slot in its arena, which saves a copy. The caller must fill it and pass it to
  // put().
  virtual GradDest dest(int input) = 0;
  // Adds `g` to the gradient of input i. Ignored if !wants(i).
  virtual void put(int input, const Tensor& g) = 0;
};

// Computes the gradients of an op's inputs from that of its result, by ops.
using Backward = std::function<void(const Tensor& dy, Grads& grads)>;

class Tape {
 public:
  using Mark = std::size_t;

  Tape();  // becomes this thread's current tape
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // Returns this thread's innermost tape, or null: then nothing is recorded.
  static Tape* current();
  // Returns true if an op called now would be recorded, provided that an input requires a gradient.
  static bool recording();

  Mark mark() const { return entries_.size(); }
  std::size_t size() const { return entries_.size(); }

  // Called by ops through record() below.
  void add(const char* op, std::vector<Tensor> inputs, const Tensor& output, Backward backward);

  // Computes the gradients of `loss` (one element, unless `dy` gives its gradient) for the leaves:
  // a parameter's goes to its arena slot, another leaf's to Tensor::grad(), added to existing
  // values. Entries down to `until` are popped as they are walked, which frees activations on the
  // way.
  void backward(const Tensor& loss, Mark until = 0, const Tensor& dy = {});

  // Returns the gradients of y with respect to xs, without popping entries and without touching
  // slots. With create_graph the computation is recorded after the existing entries, so it can be
  // differentiated again. An x that y does not depend on gets an absent tensor. Entries below
  // `from` are not walked.
  std::vector<Tensor> grad(const Tensor& y, const std::vector<Tensor>& xs, bool create_graph = false,
                           const Tensor& dy = {}, Mark from = 0);

  void clear() { entries_.clear(); }

 private:
  struct Entry {
    const char* op;
    std::string module;
    std::vector<Tensor> inputs;
    std::vector<bool> wanted;  // true for inputs that required gradients when the op ran
    Tensor output;
    Backward backward;
  };
  using GradMap = std::unordered_map<const void*, Tensor>;
  class Walk;

  std::vector<std::shared_ptr<Entry>> entries_;
  Tape* outer_;
};

// Disables recording on this thread while it lives.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool old_;
};

// For ops: if any input requires a gradient and recording is on, marks y as requiring a gradient
// and records the closure. Returns y.
Tensor record(const char* op, std::vector<Tensor> inputs, Tensor y, Backward backward);
bool would_record(const std::vector<Tensor>& inputs);

}  // namespace sumi
