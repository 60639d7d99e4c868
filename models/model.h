// A model: networks, their optimizers and one training step. What every trainable system of sumi is to the
// trainer.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/degradation.h"
#include "engine/optim.h"
#include "engine/runtime/graph.h"
#include "engine/serialize/checkpoint.h"
#include "models/objectives/image_pool.h"
#include "models/options/options.h"
#include "models/planned_network.h"
#include "models/training/step.h"

namespace sumi {

// What one step reports, in the order of stats.jsonl: loss_d, loss_g, d_real, d_fake, d_accuracy for a GAN.
using StepStats = std::vector<std::pair<std::string, double>>;

// What is drawn while training: pictures [n,h,w,c] in [-1,1], one tensor after the other in rows of `columns`.
struct SampleGrid {
  std::vector<Tensor> pictures;
  int columns = 8;
};

class Model {
 public:
  // Makes the networks that the model's ModelSpec lists and initializes them in that order, from one stream of random numbers.
  explicit Model(const TrainOptions& options);
  virtual ~Model();
  Model(const Model&) = delete;  // a captured step may hold its address
  Model& operator=(const Model&) = delete;

  struct Network {
    std::string name;  // "g", "d"
    Module* module;
    Shape input;  // of one picture or noise vector, n = 1
  };
  std::vector<Network> networks() const;

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

  // The named tensors of the last step's last micro-batch, for --dump-batches: "real", "noise", "fake".
  const std::vector<std::pair<std::string, Tensor>>& debug_tensors() const { return debug_tensors_; }

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

  // Networks alone, or everything that training needs but the counters.
  void save(CheckpointWriter& writer, bool full);
  void load(const CheckpointFile& file, bool full);
  // Takes the weights of a checkpoint whose networks are not those of the options, where these are to be made from them; false:
  // they are loaded as they are.
  virtual bool grow_from(const CheckpointFile& file) {
    (void)file;
    return false;
  }
  // Positions of random streams and counts of updates, by name.
  std::map<std::string, std::uint64_t> counters() const;
  void set_counters(const std::map<std::string, std::uint64_t>& counters);

  // After values were written into the networks' parameters from outside.
  void weights_changed();

  // The name of a parameter that is NaN or infinite (or whose moments are), or "".
  std::string first_nonfinite() const;

  // The passes of a run's warm-up: the first ones, in which it does not yet learn what it is for; 0: none.
  virtual double warm_up_epochs() const { return 0; }

  // Names of parameters that no step has updated, for one line in the log. During a warm-up only the generators' are asked.
  std::vector<std::string> never_updated() const;

 protected:
  // What a constructor takes of the model's networks, in the order of the checkpoint; all of it belongs to the model, which
  // saves it, sets its rates and checks it.
  Module& network(const std::string& name) const;
  // Networks that one optimizer updates together.
  TrainableNetworks& generators(const std::vector<std::string>& networks, double rate);
  // `head`: see DiscriminatorTrainer; "": none.
  DiscriminatorTrainer& discriminator(const std::string& network, RngStream stream,
                                      const std::string& head = "");
  // `name` is that of the position in checkpoints.
  RandomStream& random_stream(const std::string& name, RngStream stream);
  // `name` is that of the images in checkpoints: "pool.a".
  ImagePool& image_pool(const std::string& name, int size, RngStream stream);

  // One training step, in the order of the paper (models/training/step.h). It reads nothing back from the device, and submits the
  // same work each time that the step is of the same kind (engine/runtime/graph.h).
  virtual void train_step(Step& step) = 0;
  // Called before each step, when the rates are set, and never inside a captured one.
  virtual void begin_step(const Step::Kind& kind) { (void)kind; }

  // The network applied to x for inference, with the running average where there is one unless `raw`.
  Tensor infer(const std::string& network, const Tensor& x, bool raw);

  const TrainOptions& options() const { return options_; }
  DType dtype() const { return dtype_of(options_); }
  const Device& device() const { return device_; }

 private:
  struct Trainable {
    TrainableNetworks* networks;
    double rate;
    DiscriminatorTrainer* discriminator;  // or null
  };
  struct NamedPool {
    std::string name;
    std::unique_ptr<ImagePool> pool;
  };
  Step::Kind next_kind(double epoch);

  TrainOptions options_;
  Device device_;
  LrPolicy policy_;
  std::vector<PlannedNetwork> networks_;
  std::vector<std::unique_ptr<TrainableNetworks>> generators_;
  std::vector<std::unique_ptr<DiscriminatorTrainer>> discriminators_;
  std::vector<Trainable> trainables_;  // all of them, in the order of the checkpoint
  std::vector<std::pair<std::string, RandomStream*>> streams_;
  std::vector<std::unique_ptr<RandomStream>> own_streams_;
  std::vector<NamedPool> pools_;
  bool use_graph_, warming_up_ = false;
  StepGraph graph_;
  std::vector<std::string> stat_names_;
  std::vector<std::pair<std::string, Tensor>> debug_tensors_;
};

}  // namespace sumi
