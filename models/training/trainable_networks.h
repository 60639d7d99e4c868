// Networks that are trained together: one parameter arena, one optimizer, one EMA, and their
// serialization.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/optim.h"
#include "engine/serialize/checkpoint.h"
#include "models/options/options.h"

namespace sumi {

// Splits "a,b" into a and b.
std::vector<std::string> split_names(const std::string& list);

class TrainableNetworks {
 public:
  // Moves the networks' parameters into the arena. The networks must outlive the group, and have
  // their names already. Sets their activation dtype from the options. The options for the
  // optimizer, historical averaging and frozen parameters apply to all of them; only generators
  // keep an EMA.
  TrainableNetworks(const std::vector<Module*>& networks, const TrainOptions& options, bool generator);
  TrainableNetworks(const TrainableNetworks&) = delete;  // a captured step may hold its address
  TrainableNetworks& operator=(const TrainableNetworks&) = delete;

  ParamArena& arena() { return arena_; }

  // Sets the learning rate. For a captured step: before each run.
  void set_lr(double lr) { optimizer_.set_lr(lr); }
  // Before the first gradient of a step: none is written yet.
  void begin_gradients();
  // Steps the optimizer and averages the running statistics: averaged weights need statistics of
  // the same age.
  void update();
  bool holds(const Module& network) const;
  std::string names() const;  // "g_ab, g_ba"
  // network(x) for inference: no gradients, norms and dropout in inference mode, with the EMA of
  // the weights if `averaged`.
  Tensor infer(Module& network, const Tensor& x, bool averaged);
  // Number of updates so far.
  std::int64_t updates();
  // Clips every parameter to [-most, most] (WGAN).
  void clip_weights(double most);

  // During its lifetime, replaces weights and running statistics by their averages. Has no effect
  // without averages, or unless `use`.
  class UseEmaWeights {
   public:
    UseEmaWeights(TrainableNetworks& group, bool use)
        : group_(use && group.optimizer_.ema() ? &group : nullptr) {
      swap();
    }
    ~UseEmaWeights() { swap(); }
    UseEmaWeights(const UseEmaWeights&) = delete;
    UseEmaWeights& operator=(const UseEmaWeights&) = delete;

   private:
    void swap() {
      if (group_) group_->swap_average();
    }
    TrainableNetworks* group_;
  };

  // Saves weights, running statistics and averages; with `full` also the optimizer's moments.
  void save(CheckpointWriter& writer, bool full);
  // Weights without averages (not `full`) start their own. Throws Error for NaN or infinity.
  void load(const CheckpointFile& file, bool full);

  // Starts the running average at the present weights.
  void restart_average();

  // Adds the counts of updates by name, for the checkpoint's state.
  void add_counters(std::map<std::string, std::uint64_t>& counters);
  void set_counters(const std::map<std::string, std::uint64_t>& counters);

  // The tensors that update() writes: weights, averages, moments, history, running statistics.
  // Together with the counters they are the whole state.
  std::vector<Tensor> state();

  // The name of a parameter or running statistic that is NaN or infinite, or whose moments or
  // average are; or "".
  std::string first_nonfinite() const;
  // Names of parameters that no update has reached.
  std::vector<std::string> never_updated() const { return optimizer_.never_updated(); }

 private:
  void swap_average();
  void pull_to_history();
  void average_buffers();
  std::string history_count_name() const;

  std::vector<Module*> networks_;
  ParamArena arena_;
  Optimizer optimizer_;
  double history_weight_;
  // Historical averaging: the mean of the parameters over the updates so far [1,1,1,size], and the
  // number of updates. Absent without it.
  Tensor history_, history_count_;
  std::vector<Parameter> buffers_;   // running statistics, names prefixed
  std::vector<Tensor> ema_buffers_;  // one for each buffer, or empty
};

// The generator's learning rate: --lr-g, or --lr.
double generator_rate(const TrainOptions& options);

// The entry of a checkpoint's counters. Throws Error if it is missing.
std::uint64_t counter_of(const std::map<std::string, std::uint64_t>& counters, const std::string& name);

}  // namespace sumi
