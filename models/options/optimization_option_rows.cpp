#include "models/options/optimization_options.h"

#include "models/options/option_table.h"
#include "models/options/options.h"

namespace sumi {
namespace {

using O = const TrainOptions&;

constexpr std::int64_t kMostImages = 1 << 20;

std::string batch_problem(O o) {
  if (images_per_step(o) <= kMostImages) return "";
  return "times --n-critic " + std::to_string(o.n_critic) + " times --accumulate " +
         std::to_string(o.accumulate) + " exceeds " + std::to_string(kMostImages) +
         " images per step; use smaller values";
}

std::string policy_problem(O o) {
  if (o.epochs_decay > 0 || o.lr_policy == "constant" || o.lr_policy == "cosine") return "";
  return "needs --epochs-decay, the epochs in which the rate falls; add it, or use --lr-policy constant";
}

void add_length(OptionTable& t) {
  t.add("batch-size", &TrainOptions::batch_size)
      .help("images per batch")
      .alias("--batchSize,--batch")
      .range(1, 65536)
      .check(batch_problem);
  t.add("steps", &TrainOptions::steps)
      .help("length of the run in steps; 0: set by --epochs")
      .alias("--num-train-steps")
      .range(0, kLargestCount)
      .on_resume();
  t.add("epochs", &TrainOptions::epochs)
      .help("length of the run in epochs; fractions are allowed")
      .alias("--n-epochs,--niter")
      .range(0, 1e9)
      .on_resume()
      .not_with("--steps", [](O o) { return o.steps == 0 || o.lr_policy != "constant"; })
      .unless_unused()  // a run's options.json has both
      .check([](O o) {
        return std::string(o.steps > 0 || o.epochs + o.epochs_decay > 0
                               ? ""
                               : "the run has no length; set --epochs or --steps");
      });
  t.add("epochs-decay", &TrainOptions::epochs_decay)
      .help("additional epochs, in which the learning rate decays")
      .alias("--n-epochs-decay,--niter-decay")
      .range(0, 1e9)
      .on_resume();
}

void add_update(OptionTable& t) {
  t.add("optimizer", &TrainOptions::optimizer)
      .help("adam, adamw or rmsprop")
      .placeholder("RULE")
      .choices({"adam", "adamw", "rmsprop"});
  t.add("lr", &TrainOptions::lr)
      .help("learning rate")
      .alias("--learning-rate")
      .range(0, 1e3)
      .on_resume()
      .not_with("--lr-g and --lr-d", [](O o) { return o.lr_g == 0 || o.lr_d == 0; });
  t.add("beta1", &TrainOptions::beta1)
      .help("Adam: decay rate of the first moment")
      .alias("--b1")
      .range(0, 0.999999)
      .not_with("--optimizer rmsprop", [](O o) { return o.optimizer != "rmsprop"; });
  t.add("beta2", &TrainOptions::beta2)
      .help("Adam: decay rate of the second moment; RMSProp: its only decay rate")
      .alias("--b2")
      .range(0, 0.999999999);
  t.add("weight-decay", &TrainOptions::weight_decay)
      .help("L2 penalty added to the gradient; decoupled with adamw")
      .range(0, 1e3);
  t.add("lr-policy", &TrainOptions::lr_policy)
      .help("learning-rate schedule: constant, linear, step, two-steps or cosine")
      .placeholder("RULE")
      .choices({"constant", "linear", "step", "two-steps", "cosine"})
      .check(policy_problem);
}

}  // namespace

void OptimizationOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("init-type", &TrainOptions::init_type)
      .help("weight initialization: normal, xavier, xavier-uniform, kaiming or orthogonal")
      .placeholder("RULE")
      .choices({"normal", "xavier", "xavier-uniform", "kaiming", "orthogonal"});
  t.add("init-gain", &TrainOptions::init_gain)
      .help("standard deviation or gain of the initial weights")
      .range(0, 1e3);
  t.add("init", &TrainOptions::init)
      .help("start from the weights of a checkpoint (fine-tuning) with a new optimizer")
      .placeholder("CHECKPOINT")
      .alias("--load")
      .path();
  t.heading("Training");
  add_length(t);
  add_update(t);
  t.add("clip-grad-norm", &TrainOptions::clip_grad_norm)
      .help("maximum global norm of a network's gradient; 0: off")
      .alias("--clip-grad")
      .range(0, 1e9);
  t.add("ema", &TrainOptions::ema)
      .help("decay rate of an exponential moving average of the generator, such as 0.999; 0: off")
      .range(0, 0.9999999);
  t.add("accumulate", &TrainOptions::accumulate)
      .help("gradient accumulation: batches per update, for larger batches in the same memory")
      .range(1, 65536);
  t.add("freeze", &TrainOptions::freeze)
      .help("do not train parameters whose names have these prefixes: g.main.0,d.main")
      .placeholder("NAMES");
  t.add("overfit-one-batch", &TrainOptions::overfit_one_batch)
      .help("train on the first batch only, as a sanity check");
}

}  // namespace sumi
