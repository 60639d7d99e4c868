// The images that sumi evaluate compares: of a model or a folder, and the real ones.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/data/dataset.h"
#include "models/inference/exported.h"
#include "models/judges/image_set.h"
#include "models/judges/model_images.h"
#include "tools/evaluate_arguments.h"

namespace sumi::cli {

// The members refer to each other; not to be copied.
struct JudgedImages {
  std::string name;                           // of the model or folder
  std::optional<OpenedModel> opened;          // of -m
  std::unique_ptr<const BatchLoader> loader;  // of a model's data
  std::string direction;                      // of a translation; "": from noise, or a folder
  ImageSet images;
  ImageSet real = {};                     // of --data
  ImageSet held_out = {};                 // of --held-out; empty without
  LoadedImages source = {}, target = {};  // of a translation
  ImageSet sources = {};                  // its inputs, image i of which became image i; empty without

  // A translation's result for images of its target domain, which it should keep.
  ImageSet identity(bool raw) const;
};

// Throws UsageError for arguments that do not fit together, and Error for what the files lack.
// `needs_data` is false for a comparison of two models.
std::unique_ptr<JudgedImages> judged_images(const EvaluateArguments& args, bool needs_data = true);

}  // namespace sumi::cli
