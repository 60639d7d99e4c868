// A model: networks, their optimizers and one training step. What every trainable system of sumi is to the
// trainer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/degradation.h"
#include "engine/optim.h"
#include "engine/runtime/graph.h"
#include "engine/serialize/checkpoint.h"
#include "models/options/options.h"

namespace sumi {

class DiscriminatorTrainer;
class TrainableNetworks;

// What one step reports, in the order of stats.jsonl: loss_d, loss_g, d_real, d_fake, d_accuracy for a GAN.
using StepStats = std::vector<std::pair<std::string, double>>;

// One number that a step reports: a tensor of one element.
using Stat = std::pair<const char*, Tensor>;

// What is drawn while training: pictures [n,h,w,c] in [-1,1], one tensor after the other in rows of `columns`.
struct SampleGrid {
  std::vector<Tensor> pictures;
  int columns = 8;
};

class Model {
 public:
  explicit Model(const TrainOptions& options);
  virtual ~Model() = default;

  struct Network {
    std::string name;  // "g", "d"
    Module* module;
    Shape input;  // of one picture or noise vector, n = 1
  };
  virtual std::vector<Network> networks() = 0;

  // How many batches of pictures a step takes: 1, or 2 for a translation between domains A and B, or of pairs.
  virtual int domains() const { return 1; }

  // One optimizer step of every network on real pictures [n,h,w,c] in [-1,1], a tensor of each domain, and behind these
  // for each domain the one-hot labels [n,1,1,classes] where wants_labels() (registry.h) says so. `epoch`
  // is how many passes over the data there were before; whole ones set the rate. Nothing is waited for: what the step reports is a tensor [1,1,1,k] on
  // the model's device, which holds until the next step; named_stats() names its numbers.
  Tensor train_step_async(const std::vector<Tensor>& real, double epoch);
  StepStats named_stats(const std::vector<double>& numbers) const;
  // The same, waited for.
  StepStats step(const std::vector<Tensor>& real, double epoch) {
    return named_stats(train_step_async(real, epoch).to_vector<double>());
  }
  const StepGraph& graph() const { return graph_; }

  // What the last step worked on, for --dump-batches: "real", "noise", and what came of it, "fake".
  virtual std::vector<std::pair<std::string, Tensor>> debug_tensors() const = 0;

  // The sheet drawn while training: of fixed noise, or of the pictures given before.
  virtual SampleGrid samples() = 0;
  // How many pictures of each domain or side samples() may show; those that set_sample_images() gets, each [1,h,w,c], are fewer
  // where a set has fewer.
  virtual int num_sample_images() const { return domains() > 1 ? 6 : 0; }
  virtual void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) { (void)pictures; }

  // Pictures from noise [n,1,1,nz] with the running average where there is one (unless `raw`), batch norm at
  // inference. Error for a model that translates.
  virtual Tensor generate(const Tensor& noise, bool raw);
  // Noise for generate(). Of a model that draws by class (--conditional): of each class in turn, or of `only` this one. Error for
  // another model that is asked for a class.
  virtual Tensor noise(std::int64_t count, RandomStream& stream, int only = kEveryClass) const;
  static constexpr int kEveryClass = -1;

  // Logits [n,1,1,classes] of pictures [n,h,w,c] of a set, batch norm at inference. Error for a model that is no classifier.
  virtual Tensor classify(const Tensor& pictures, std::size_t set);

  // Picture to picture: the directions there are, the default first ("AtoB"); none for models that draw from
  // noise.
  virtual std::vector<std::string> directions() const { return {}; }
  // The network of a direction and what its input's sides must be multiples of.
  struct Translator {
    std::string name;  // "g_ab"
    const Module* module;
    int multiple;                  // of height and width
    int smallest_side;             // of the input
    Degradation degradation = {};  // that it undoes, of a model trained with --task
    int bits = 8;                  // per channel of the pictures that it learned from
  };
  virtual Translator translator(const std::string& direction) const;
  // Pictures [n,h,w,c] in [-1,1] drawn in the other domain, with the running average where there is one
  // (unless `raw`), dropout and batch norm at inference.
  virtual Tensor translate(const Tensor& pictures, const std::string& direction, bool raw);

  // Networks alone, or everything that training needs but the counters: what learns() named.
  virtual void save(CheckpointWriter& writer, bool full);
  virtual void load(const CheckpointFile& file, bool full);
  // Positions of random streams and counts of updates, by name: of what learns() and draws() named.
  virtual std::map<std::string, std::uint64_t> counters() const;
  virtual void set_counters(const std::map<std::string, std::uint64_t>& counters);

  // After values were written into the networks' parameters from outside.
  void weights_changed();

  // The name of a parameter that is NaN or infinite (or whose moments are), or "".
  std::string first_nonfinite() const;

  // The first passes of a run in which it does not yet learn what it is for; 0: none.
  virtual double warm_up_epochs() const { return 0; }

  // Names of parameters that no step has updated, for one line in the log.
  virtual std::vector<std::string> never_updated() const;

 protected:
  // A constructor names what learns, in the order of the checkpoint, and what draws random numbers: what is said above of
  // saving, rates and checks is then done. They belong to the model.
  void register_trainable(TrainableNetworks& group, double rate);
  void register_trainable(DiscriminatorTrainer& adversary);
  void draws(const std::string& counter, RandomStream& stream);

  // The name of the kind of step that comes next: steps of one kind submit the same work (engine/runtime/graph.h), and all kinds
  // report the same numbers. Asked once before each step, when the rates are set.
  virtual std::string phase(double epoch);
  // The step itself. It reads nothing back, and the same work is submitted each time (engine/runtime/graph.h).
  virtual std::vector<Stat> run_step(const std::vector<Tensor>& real) = 0;

 private:
  LrPolicy policy_;
  std::vector<std::pair<TrainableNetworks*, double>> learners_;  // with their rates
  std::vector<DiscriminatorTrainer*> adversaries_;
  std::vector<std::pair<std::string, RandomStream*>> streams_;
  bool use_graph_;
  StepGraph graph_;
  std::vector<std::string> stat_names_;
};

// The networks that `options` describe, with shapes but without memory. Error for what is not possible.
struct PlannedNetwork {
  std::string name;
  std::unique_ptr<Module> module;
  Shape input;  // n = 1
  // For the estimate of --dry-run. Arithmetic is in forward-equivalents of one batch; a forward with both gradients is 3.
  double work = 3;  // of a step with one update of the discriminators
  double kept = 1;  // passes that are kept for the backward at once
  double update =
      1;  // of each further update (--n-critic): a forward of what draws, 3 for each pass through what judges
  double redraw = 0;  // of each batch where there are several (--accumulate): the generator's step draws anew
};
std::vector<PlannedNetwork> plan_networks(const TrainOptions& options);

// Throws Error unless the checkpoint holds every parameter of the networks that `options` describe, in their
// shapes: asked before any memory is taken, because the options come from a file.
void check_checkpoint_matches(const CheckpointFile& file, const TrainOptions& options);

// Throws Error naming the options that the checkpoint's networks were made with and the run's are not, when a run with `options`
// could not start from its weights. Of the same model.
void check_init_compatible(const CheckpointFile& file, const TrainOptions& options);

// Builds the model that `options.model` names, freshly initialized from options.seed.
std::unique_ptr<Model> make_model(const TrainOptions& options);

// Puts a stored model on another device and precision, where they are given (not ""). A precision that the device does not have
// becomes auto. This thread's kernels multiply accordingly from then on.
void place_model(TrainOptions& options, const std::string& device, const std::string& precision);

// The model of a checkpoint with its weights, for inference (and its options through `options`, if given), placed as place_model() does.
std::unique_ptr<Model> load_model(const CheckpointFile& file, TrainOptions* options = nullptr,
                                  const std::string& device = "", const std::string& precision = "");

// FILE, or the newest readable full checkpoint of a run directory, or the weights that ship under that name
// (models/inference/shipped_files.h). Error when there is none.
std::filesystem::path resolve_checkpoint(const std::filesystem::path& file_or_run);

}  // namespace sumi
