// A model: networks, their optimizers and one training step. The trainer's view of every trainable
// system.
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

// Statistics of one step, in the order of stats.jsonl: loss_d, loss_g, d_real, d_fake, d_accuracy
// for a GAN.
using StepStats = std::vector<std::pair<std::string, double>>;

// Sample sheet written during training: images [n,h,w,c] in [-1,1], the tensors one after the other
// in rows of `columns`.
struct SampleGrid {
  std::vector<Tensor> pictures;
  int columns = 8;
};

class Model {
 public:
  // Builds the networks that the model's ModelSpec lists and initializes them in that order from
  // one random stream.
  explicit Model(const TrainOptions& options);
  virtual ~Model();
  Model(const Model&) = delete;  // a captured step may hold its address
  Model& operator=(const Model&) = delete;

  struct Network {
    std::string name;  // "g", "d"
    Module* module;
    Shape input;  // of one image or noise vector, n = 1
  };
  std::vector<Network> networks() const;

  // Number of image batches that a step takes: 1, or 2 for translation between domains A and B and
  // for pairs.
  virtual int domains() const { return 1; }

  // One optimizer step of every network. `real` holds one tensor of images [n,h,w,c] in [-1,1] for
  // each domain, followed by the one-hot labels [n,1,1,classes] for each domain if wants_labels()
  // (registry.h). `epoch` is the number of passes over the data so far, with a fraction; its whole
  // part selects the learning rate. Does not wait: the statistics are a tensor [1,1,1,k] on the
  // model's device, valid until the next step; named_stats() names its elements.
  Tensor train_step_async(const std::vector<Tensor>& real, double epoch);
  StepStats named_stats(const std::vector<double>& numbers) const;
  // The same, but waits for the statistics.
  StepStats step(const std::vector<Tensor>& real, double epoch) {
    return named_stats(train_step_async(real, epoch).to_vector<double>());
  }
  const StepGraph& graph() const { return graph_; }

  // The named tensors of the last step's last micro-batch, for --dump-batches: "real", "noise",
  // "fake".
  const std::vector<std::pair<std::string, Tensor>>& debug_tensors() const { return debug_tensors_; }

  // The sample sheet: from fixed noise, or from the images given to set_sample_images().
  virtual SampleGrid samples() = 0;
  // Number of images of each domain or side that samples() shows. set_sample_images() gets that
  // many, each [1,h,w,c], or fewer for a smaller data set.
  virtual int num_sample_images() const { return domains() > 1 ? 6 : 0; }
  virtual void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) { (void)pictures; }

  // Images from noise [n,1,1,nz], with batch norm in inference mode and the EMA of the weights if
  // the model keeps one (unless `raw`). Throws Error for a translation model.
  virtual Tensor generate(const Tensor& noise, bool raw);
  // Noise for generate(). A conditional model cycles through the classes, or uses `only`. Throws
  // Error if another model is given a class.
  virtual Tensor noise(std::int64_t count, RandomStream& stream, int only = kEveryClass) const;
  static constexpr int kEveryClass = -1;

  // Logits [n,1,1,classes] for images [n,h,w,c] of data set number `set`, with batch norm in
  // inference mode. Throws Error for a model without classifier.
  virtual Tensor classify(const Tensor& pictures, std::size_t set);

  // Directions of image translation, the default first ("AtoB"). Empty for models that generate
  // from noise.
  virtual std::vector<std::string> directions() const { return {}; }
  // The network for a direction, and the constraints on its input's height and width.
  struct Translator {
    std::string name;  // "g_ab"
    const Module* module;
    int multiple;                  // of height and width
    int smallest_side;             // of the input
    Degradation degradation = {};  // that it reverses; of a model trained with --task
    int bits = 8;                  // per channel of the training images
  };
  virtual Translator translator(const std::string& direction) const;
  // Translates images [n,h,w,c] in [-1,1] to the other domain, with dropout and batch norm in
  // inference mode and the EMA of the weights if the model keeps one (unless `raw`).
  virtual Tensor translate(const Tensor& pictures, const std::string& direction, bool raw);

  // Saves the networks alone, or with `full` everything that training needs except the counters.
  void save(CheckpointWriter& writer, bool full);
  void load(const CheckpointFile& file, bool full);
  // Takes the weights of a checkpoint whose networks are not those of the options, where these are
  // to be made from them; false: they are loaded as they are.
  virtual bool grow_from(const CheckpointFile& file) {
    (void)file;
    return false;
  }
  // Positions of random streams and counts of updates, by name.
  std::map<std::string, std::uint64_t> counters() const;
  void set_counters(const std::map<std::string, std::uint64_t>& counters);

  // Must be called after parameters were written from outside.
  void weights_changed();

  // The name of a parameter that is NaN or infinite (or whose moments are), or "".
  std::string first_nonfinite() const;

  // Length of the warm-up in passes over the data, in which a model trains on a simpler objective
  // first. 0: none.
  virtual double warm_up_epochs() const { return 0; }

  // Names of parameters that no step has updated, for one line in the log. During a warm-up only
  // the generators' parameters count.
  std::vector<std::string> never_updated() const;

 protected:
  // For constructors: registers the model's networks in the order of the checkpoint. Everything
  // below belongs to the model, which saves it, sets its learning rates and checks it.
  Module& network(const std::string& name) const;
  // Networks that one optimizer updates together.
  TrainableNetworks& generators(const std::vector<std::string>& networks, double rate);
  // `head`: see DiscriminatorTrainer; "": none.
  DiscriminatorTrainer& discriminator(const std::string& network, RngStream stream,
                                      const std::string& head = "");
  // `name` identifies the position in checkpoints.
  RandomStream& random_stream(const std::string& name, RngStream stream);
  // `name` identifies the images in checkpoints: "pool.a".
  ImagePool& image_pool(const std::string& name, int size, RngStream stream);

  // One training step, in the order of the paper (models/training/step.h). Must not read anything
  // back from the device, and must submit the same work in every step of the same kind
  // (engine/runtime/graph.h).
  virtual void train_step(Step& step) = 0;
  // Called before each step, after the learning rates are set, and never inside a captured step.
  virtual void begin_step(const Step::Kind& kind) { (void)kind; }

  // Applies the network to x for inference, with the EMA of the weights if the model keeps one,
  // unless `raw`.
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
