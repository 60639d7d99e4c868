// The parameters of a model in one buffer, and the optimizer that updates them.
#pragma once

#include <string>
#include <vector>

#include "engine/nn.h"
#include "kernels/optim.h"

namespace sumi {

// Owns the memory of all parameters of some modules, and of their gradients: two flat buffers, so
// that an update is one launch. Ops write gradients there directly; the first write since begin()
// overwrites and later ones add, so no zeroing pass is needed.
class ParamArena {
 public:
  // Moves the parameters into the arena. Names get the prefix "NAME." of each network. All share
  // one dtype and device.
  explicit ParamArena(const std::vector<std::pair<std::string, Module*>>& networks);

  // Discards the gradients of the previous step.
  void begin();
  // While frozen, the parameters require no gradients and ops on them record none. Used for the
  // discriminator in the generator's step.
  void set_frozen(bool frozen);
  // Excludes parameters whose names begin with `prefix` from all later updates. Returns their
  // number.
  int freeze(const std::string& prefix);

  // Keeps a copy of the values in `dtype` from now on, which cast() of a parameter returns.
  void keep_copy(DType dtype);
  // Refreshes the copy in one launch; does nothing if none is kept. Must be called after writing
  // parameter values; the optimizer does so. A cast of values that were written since is an Error,
  // because a captured step would keep using the old copy.
  void refresh_copy();

  struct Slot {
    Parameter parameter;  // with the prefixed name
    std::shared_ptr<GradSlot> grad;
    std::int64_t offset = 0, count = 0;  // elements in the flat buffers
    bool fixed = false;                  // excluded by freeze()
  };
  const std::vector<Slot>& slots() const { return slots_; }
  const Tensor& values() const { return values_; }        // [1,1,1,size]
  const Tensor& gradients() const { return gradients_; }  // [1,1,1,size]
  // Returns the slot's range of a flat buffer as a tensor of the slot's shape.
  Tensor slice(const Tensor& flat, const Slot& slot) const;

 private:
  std::vector<Slot> slots_;
  Tensor values_, gradients_, copy_;
};

// Freezes the arena while it lives.
class FreezeGuard {
 public:
  explicit FreezeGuard(ParamArena& arena) : arena_(arena) { arena_.set_frozen(true); }
  ~FreezeGuard() { arena_.set_frozen(false); }
  FreezeGuard(const FreezeGuard&) = delete;
  FreezeGuard& operator=(const FreezeGuard&) = delete;

 private:
  ParamArena& arena_;
};

using OptimizerRule = kernels::Optimizer;

// "adam", "adamw" or "rmsprop" (kernels/optim.h has the formulas). Throws Error naming them for any
// other.
OptimizerRule parse_optimizer(const std::string& name);

struct OptimizerOptions {
  OptimizerRule rule = OptimizerRule::adam;
  double lr = 2e-4, beta1 = 0.5, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  double clip_norm = 0;  // 0: off. Gradients are scaled so that their global norm is at most this.
  double ema_decay = 0;  // of the weights' EMA after its warm-up (kernels::ema_decay_at); 0: no EMA
};

// An optimizer for an arena, with an optional exponential moving average (EMA) of the weights in
// the same launch. Slots without a gradient in a step are not updated, as in PyTorch for a
// parameter whose grad is None. Nothing is read back to the host. In a captured step
// (engine/runtime/captured_scalars.h) the set of written slots is fixed; rates and update counts
// are those of each replay. The optimizer must outlive the captured step.
class Optimizer {
 public:
  Optimizer(ParamArena& arena, const OptimizerOptions& options);
  Optimizer(const Optimizer&) = delete;  // a captured step may hold its address
  Optimizer& operator=(const Optimizer&) = delete;

  // Sets the learning rate. For a captured step: call before each run.
  void set_lr(double lr) { lr_ = lr; }
  // Performs one update.
  void step();
  void step(double lr) {
    set_lr(lr);
    step();
  }
  const OptimizerOptions& options() const { return options_; }
  // The norm of the last step's gradient before clipping [1], on the device. Absent if clipping is
  // off.
  const Tensor& norm() const { return norm_; }

  // State for checkpoints: flat like the arena, and one update count per slot. ema is absent if
  // off, m for rmsprop. The moments are allocated as zeros at the first access, so that generating
  // images needs no memory for them.
  const Tensor& m() { return make_moments(), m_; }
  const Tensor& v() { return make_moments(), v_; }
  const Tensor& ema() const { return ema_; }
  std::vector<std::int64_t>& steps() { return steps_; }
  // Returns the name of a parameter whose value, moments or average are NaN or infinite, or "".
  std::string first_nonfinite() const;
  // Names of the parameters that have never been updated although step() was called.
  std::vector<std::string> never_updated() const;

 private:
  // Adjacent slots [first, end) that were written and have equal update counts: one launch.
  struct Range {
    std::size_t first, end;
  };

  void make_moments();
  std::vector<Range> written() const;
  Tensor of(const Tensor& flat, const Range& range) const;
  void measure_norm(const std::vector<Range>& ranges);
  void update(const Range& range);
  // Increments the update count of the range's slots and returns it.
  std::int64_t count_update(const Range& range);

  ParamArena& arena_;
  OptimizerOptions options_;
  double lr_;
  Tensor m_, v_, ema_;
  // for clipping: sums of squares of ranges, the scale factor, the norm
  Tensor squares_, scale_, norm_;
  std::vector<std::int64_t> steps_;
};

// The learning-rate schedule, as a factor. Epochs count from 0.
struct LrPolicy {
  // constant  1
  // linear    1 for `constant_epochs`, then down to 0: 1 - max(0, e + 1 - constant) / (decay + 1)
  // step      0.1 for each `decay_epochs` passed
  // two-steps 0.1 after constant_epochs, and 0.01 after half of decay_epochs more
  // cosine    half a cosine, to 0 over constant_epochs + decay_epochs
  std::string type = "constant";
  double constant_epochs = 100, decay_epochs = 100;
  double factor(double epoch) const;
};

}  // namespace sumi
