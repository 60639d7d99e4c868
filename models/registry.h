// Every model that can be trained: one entry each, written in the model's own file. All model-specific behavior is queried through
// ModelSpec; no code compares model names.
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

// A name that a model had: on the command line, and in checkpoints, there perhaps only with this value of an option.
struct FormerName {
  const char *name, *option = "", *value = "";
};

// For a model whose data set is packed by itself, from the files that its options name.
struct PackedExamples {
  int (*channels)(const TrainOptions& options);  // of an example
  // Makes the pack in the cache, or finds it there; `fallback_dir` and errors as DatasetSpec's.
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
  // The data set is made by itself, of one domain, and read in crops; null: as usual.
  const PackedExamples* packed = nullptr;
  // Classes, and no images are made: --data may name several sets with commas between them, each a domain.
  bool classifies = false;
  // Whether it learns from labels too: then the names of the classes are in `options.classes` before any network is made, and
  // each step gets the labels behind the images. Null: never.
  bool (*labeled)(const TrainOptions& options) = nullptr;

  int sets() const { return domains + (smooth_edges ? 1 : 0); }
};

struct ModelSpec {
  const char* name;  // "dcgan"
  std::vector<FormerName> former_names = {};
  const char* summary;    // one line
  const char* reference;  // where it comes from
  const char* data;       // what it learns from
  DataRequirements requirements = {};
  // The groups of settings that it has (models/options): add_groups<CommonOptions, CropOptions, ...>.
  void (*options)(OptionTable& table);
  void (*set_defaults)(TrainOptions& options);           // its recipe, where that differs from TrainOptions'
  void (*check)(const TrainOptions& options) = nullptr;  // beyond the checks of the rows; throws Error
  // Fills in options that follow from files which others name. When a run begins.
  void (*settle)(TrainOptions& options) = nullptr;
  // Its networks for valid options. Error for sizes that they cannot have.
  std::vector<PlannedNetwork> (*networks)(const TrainOptions& options);
  std::unique_ptr<Model> (*make)(const TrainOptions& options);
};

// In the order of `sumi models`.
const std::vector<const ModelSpec*>& model_specs();
// By its name or a former one. Throws Error listing the models for an unknown name.
const ModelSpec& model_spec(const std::string& name);

// See ModelSpec::settle; for valid options.
void resolve_options(TrainOptions& options);

// Whether the options' model learns from labels.
bool wants_labels(const TrainOptions& options);

// Number of image sets the options' model trains on.
int domains_of(const TrainOptions& options);
}  // namespace sumi
