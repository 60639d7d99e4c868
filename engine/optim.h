// The parameters of a model in one buffer, and the optimizer that updates them.
#pragma once

#include <string>
#include <vector>

#include "engine/nn.h"
#include "kernels/optim.h"

namespace sumi {

// Owns the memory of all parameters of some modules, and of their gradients: two flat buffers, so that an
// update is one launch. Gradients are written there directly by the ops that compute them; the first write
// since begin() overwrites, the next add, so there is no zeroing pass.
class ParamArena {
 public:
  // Moves the parameters into the arena; names get the prefix "NAME." of each network. They share one dtype
  // and device.
  explicit ParamArena(const std::vector<std::pair<std::string, Module*>>& networks);

  // Forgets the gradients of the last step.
  void begin();
  // While frozen the parameters ask for no gradients: ops on them record none. (A discriminator in the
  // generator's step.)
  void set_frozen(bool frozen);
  // Parameters whose names begin with `prefix` are left as they are from now on. Returns how many there are.
  int freeze(const std::string& prefix);

  // From now on there is a copy of the values in `dtype` too, which cast() of a parameter takes instead of making one.
  void keep_copy(DType dtype);
  // Makes the copy anew, in one launch; does nothing where none is kept. Who writes values calls it: the optimizer does. A
  // cast of values that were written since is an Error, as a captured step would go on with the old copy for ever.
  void refresh_copy();

  struct Slot {
    Parameter parameter;  // with the prefixed name
    std::shared_ptr<GradSlot> grad;
    std::int64_t offset = 0, count = 0;  // elements in the flat buffers
    bool fixed = false;                  // by freeze()
  };
  const std::vector<Slot>& slots() const { return slots_; }
  const Tensor& values() const { return values_; }        // [1,1,1,size]
  const Tensor& gradients() const { return gradients_; }  // [1,1,1,size]
  // A range of a flat buffer of this size, as a tensor of the slot's shape.
  Tensor slice(const Tensor& flat, const Slot& slot) const;

 private:
  std::vector<Slot> slots_;
  Tensor values_, gradients_, copy_;
};

// While it lives, the arena is frozen.
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

// "adam", "adamw" or "rmsprop" (kernels/optim.h has the formulas). Throws Error naming them for any other.
OptimizerRule parse_optimizer(const std::string& name);

struct OptimizerOptions {
  OptimizerRule rule = OptimizerRule::adam;
  double lr = 2e-4, beta1 = 0.5, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  double clip_norm = 0;  // 0: off. Gradients are scaled so that their global norm is at most this.
  double ema_decay =
      0;  // of the running average of the weights after its warm-up (kernels::ema_decay_at); 0: none
};

// An optimizer over an arena, with an optional running average (EMA) of the weights in the same launch. Slots that
// got no gradient in a step are left alone, as PyTorch leaves a parameter whose grad is None. Nothing is read back to
// the host. In a captured step (engine/runtime/captured_scalars.h) which slots are written is fixed; rate and counts of updates
// are those of each replay. The optimizer must outlive the captured step.
class Optimizer {
 public:
  Optimizer(ParamArena& arena, const OptimizerOptions& options);
  Optimizer(const Optimizer&) = delete;  // a captured step may hold its address
  Optimizer& operator=(const Optimizer&) = delete;

  // The learning rate from now on. Around a captured step: before each run.
  void set_lr(double lr) { lr_ = lr; }
  // One update with that rate.
  void step();
  void step(double lr) {
    set_lr(lr);
    step();
  }
  const OptimizerOptions& options() const { return options_; }
  // The norm of the last step's gradient before clipping [1], on the device. Absent when clipping is off.
  const Tensor& norm() const { return norm_; }

  // State for checkpoints: flat, as the arena, and one count of updates per slot. ema is absent when off, m for
  // rmsprop. The moments begin as zeros when first asked for: who only draws pictures needs no memory for them.
  const Tensor& m() { return make_moments(), m_; }
  const Tensor& v() { return make_moments(), v_; }
  const Tensor& ema() const { return ema_; }
  std::vector<std::int64_t>& steps() { return steps_; }
  // The name of a parameter whose value, moments or average are NaN or infinite, or "".
  std::string first_nonfinite() const;
  // Names of parameters that have never been updated although step() was called.
  std::vector<std::string> never_updated() const;

 private:
  // Neighboring slots [first, end) that were written and have the same count of updates: one launch.
  struct Range {
    std::size_t first, end;
  };

  void make_moments();
  std::vector<Range> written() const;
  Tensor of(const Tensor& flat, const Range& range) const;
  void measure_norm(const std::vector<Range>& ranges);
  void update(const Range& range);
  // Counts one more update of the range's slots and returns the count.
  std::int64_t count_update(const Range& range);

  ParamArena& arena_;
  OptimizerOptions options_;
  double lr_;
  Tensor m_, v_, ema_;
  Tensor squares_, scale_, norm_;  // for clipping: sums of squares of ranges, what to scale with, the norm
  std::vector<std::int64_t> steps_;
};

// The learning rate of a step, as a factor. Epochs count from 0.
struct LrPolicy {
  // constant  1
  // linear    1 for `constant_epochs`, then down to 0: 1 - max(0, e + 1 - constant) / (decay + 1)
  // step      0.1 for each `decay_epochs` passed
  // two-steps 0.1 after constant_epochs, and 0.01 when half of decay_epochs has passed too
  // cosine    half a cosine, to 0 over constant_epochs + decay_epochs
  std::string type = "constant";
  double constant_epochs = 100, decay_epochs = 100;
  double factor(double epoch) const;
};

}  // namespace sumi
