// Every trainable model: one entry each, defined in the model's own file. All model-specific
// behavior is queried through ModelSpec; no code compares model names.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "models/options/option_table.h"
#include "models/options/options.h"

namespace sumi {

class Model;
struct PlannedNetwork;

// A former name of a model, on the command line and in checkpoints. If `option` is set, the name
// stands for this model only with that value of the option.
struct FormerName {
  const char *name, *option = "", *value = "";
};

// For a model that packs its own data set, from the files that its options name.
struct PackedExamples {
  int (*channels)(const TrainOptions& options);  // of an example
  // Creates the pack in the cache, or finds it there. `fallback_dir` and errors are as in
  // DatasetSpec.
  std::filesystem::path (*make)(const TrainOptions& options, const std::filesystem::path& fallback_dir,
                                const DatasetEvents& events);
  void (*check)(const TrainOptions& options);  // throws Error for options that are missing
};

// The images and labels that a model learns from.
struct DataRequirements {
  int domains = 1;  // sets of images; 2 for pairs
  bool smooth_edges =
      false;  // a third set: the second one's images with their edges smoothed (engine/image/edges.h)
  bool paired = false;  // pairs of images
  // Set if the data set is one domain of packed examples, read in crops. Null: an ordinary data
  // set.
  const PackedExamples* packed = nullptr;
  // A classifier: it generates no images, and --data may name several comma-separated sets, each a
  // domain.
  bool classifies = false;
  // Returns true if the model also learns from labels. Then `options.classes` holds the class names
  // before any network is built, and each step gets the labels after the images. Null: never.
  bool (*labeled)(const TrainOptions& options) = nullptr;

  // The model generates images of one set from noise.
  bool from_noise() const { return domains == 1 && !smooth_edges && !paired && !packed && !classifies; }
  int sets() const { return domains + (smooth_edges ? 1 : 0); }
};

struct ModelSpec {
  const char* name;  // "dcgan"
  std::vector<FormerName> former_names = {};
  std::vector<const char*> starts_from = {};  // other models whose checkpoints --init takes
  const char* summary;                        // one line
  const char* reference;                      // where it comes from
  const char* data;                           // what it learns from
  DataRequirements requirements = {};
  // Adds the option groups of the model (models/options): add_groups<CommonOptions, ...>.
  void (*options)(OptionTable& table);
  void (*set_defaults)(TrainOptions& options);           // hyperparameters that differ from TrainOptions'
  void (*check)(const TrainOptions& options) = nullptr;  // beyond the checks of the rows; throws Error
  // Fills in options that follow from files named by other options. Called when a run begins.
  void (*settle)(TrainOptions& options) = nullptr;
  // The networks for valid options. Throws Error for sizes that they do not support.
  std::vector<PlannedNetwork> (*networks)(const TrainOptions& options);
  std::unique_ptr<Model> (*make)(const TrainOptions& options);
};

// In the order of `sumi models`.
const std::vector<const ModelSpec*>& model_specs();
// Finds a model by its name or a former name. Throws Error listing the models for an unknown name.
const ModelSpec& model_spec(const std::string& name);

// Calls ModelSpec::settle; for valid options.
void resolve_options(TrainOptions& options);

// Returns true if the model learns from labels with these options.
bool wants_labels(const TrainOptions& options);

// Number of image sets that the model trains on.
int domains_of(const TrainOptions& options);
}  // namespace sumi
