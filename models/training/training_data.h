// The images of a run: one domain, two for translation, or pairs.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/runtime/staging.h"
#include "engine/tensor.h"
#include "models/model.h"
#include "models/training/training_data.h"

namespace sumi {

// Data set specifications from the options: one for each domain, with its folder (or IDX file),
// followed by the drawings with smoothed edges if the model uses them; one for all pairs. Looks for
// the folders.
std::vector<DatasetSpec> dataset_specs(const TrainOptions& options);
// The rule of --labels; `none` for a model without labels. Throws Error "[--labels] ...".
LabelRule label_rule(const TrainOptions& options);

// The degradation of --task.
Degradation degradation_of(const TrainOptions& options);
// Throws Error unless the options name the images.
void check_data_given(const TrainOptions& options);

// Throws Error if a set has fewer images than a step takes, naming a number that works. Not with
// --sample-with-replacement.
void check_counts(const std::vector<Dataset>& sets, const TrainOptions& options);

// [n,h,w,c] in the run's precision on the run's device, which is that of `staging`.
Tensor to_tensor(const Batch& batch, const TrainOptions& options, Staging& staging);

// `count` images of each domain (or of both sides of pairs), fewer if a set is smaller, spread
// evenly over the set, each [1,h,w,c]: center crops of the training size.
std::vector<std::vector<Tensor>> sample_images(const BatchLoader& loader, const TrainOptions& options,
                                               std::int64_t count);

// Throws Error naming folder and size unless the model's networks accept every image. (All crops
// have one size, which validate() has checked.)
void check_image_sizes(const BatchLoader& loader, const TrainOptions& options, Model& model);

// Combines Dataset::key() and Dataset::content_key() of all domains: equal keys mean equal images.
std::uint64_t data_key(const BatchLoader& loader);
std::uint64_t data_content(const BatchLoader& loader);

}  // namespace sumi
