// Networks that learn together: one arena, one optimizer, one running average, and how all of that is saved.
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

// "a,b" as a and b.
std::vector<std::string> split_names(const std::string& list);

class TrainableNetworks {
 public:
  // The networks' parameters move into the arena; the networks must outlive the group, and have their names already. They get
  // the options' activations. What the options say of the optimizer, of historical averaging and of parameters to freeze holds
  // for all of them; only generators keep a running average.
  TrainableNetworks(const std::vector<Module*>& networks, const TrainOptions& options, bool generator);
  TrainableNetworks(const TrainableNetworks&) = delete;  // a captured step may hold its address
  TrainableNetworks& operator=(const TrainableNetworks&) = delete;

  ParamArena& arena() { return arena_; }

  // The learning rate from now on. Around a captured step: before each run.
  void set_lr(double lr) { optimizer_.set_lr(lr); }
  // The optimizer's step, and the running statistics' own average: averaged weights need statistics that lag as they
  // do.
  void update();
  bool holds(const Module& network) const;
  // network(x) for inference: no gradients, norms and dropout as at inference, with the running average if `averaged`.
  Tensor infer(Module& network, const Tensor& x, bool averaged);
  // How many updates there have been.
  std::int64_t updates();
  // Every parameter into [-most, most] (WGAN).
  void clip_weights(double most);

  // While it lives, the running averages stand in the places of weights and statistics. Does nothing where
  // there are none, or unless `use`.
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

  // Weights, statistics and averages; with `full` the moments too, as many as the optimizer has.
  void save(CheckpointWriter& writer, bool full);
  // Weights from elsewhere (not `full`) without averages start their own. Error for what is NaN or infinite.
  void load(const CheckpointFile& file, bool full);

  // After the weights were made from others: the running average begins at them.
  void restart_average();

  // Counts of updates by name, for the checkpoint's state.
  void add_counters(std::map<std::string, std::uint64_t>& counters);
  void set_counters(const std::map<std::string, std::uint64_t>& counters);

  // The name of a parameter that is NaN or infinite, or whose moments or average are, or of such a running statistic,
  // or "".
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
  Tensor history_,
      history_count_;  // the mean of the parameters over the updates so far [1,1,1,size], and these; or none
  std::vector<Parameter> buffers_;   // running statistics, names prefixed
  std::vector<Tensor> ema_buffers_;  // as many, or none
};

// The generator's learning rate: --lr-g, or --lr.
double generator_rate(const TrainOptions& options);

// The entry of a checkpoint's counters. Error when it is missing.
std::uint64_t counter_of(const std::map<std::string, std::uint64_t>& counters, const std::string& name);

}  // namespace sumi
