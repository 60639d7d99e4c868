// The pictures of a run: one domain, two for a translation, or pairs.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/runtime/staging.h"
#include "engine/tensor.h"
#include "models/model.h"

namespace sumi {

// What the options say of pictures and batches: for each domain, with its folder (or idx file), and behind them the drawings
// with smoothed edges where the model wants them; one for all pairs. Looks what folders are there.
std::vector<DatasetSpec> dataset_specs(const TrainOptions& options);
// The damage of --task.
Degradation degradation_of(const TrainOptions& options);
// Throws Error when the options say too little of where the pictures are.
void check_data_given(const TrainOptions& options);

// Throws Error naming the number that works when a set has fewer pictures than a step takes. Not with --sample-with-replacement.
void check_counts(const std::vector<Dataset>& sets, const TrainOptions& options);

// [n,h,w,c] in the run's precision, on the device of `staging`, the run's.
Tensor to_tensor(const Batch& batch, const TrainOptions& options, Staging& staging);

// `count` pictures of each domain, or of pairs those given and those wanted, fewer where a set has fewer, evenly spread over the set, each [1,h,w,c]: the middle, as
// large as the crops of training.
std::vector<std::vector<Tensor>> sample_pictures(const BatchLoader& loader, const TrainOptions& options,
                                                 std::int64_t count);

// Throws Error naming folder and size unless the model's networks take every picture. (Crops are all of one size,
// which validate() has checked.)
void check_picture_sizes(const BatchLoader& loader, const TrainOptions& options, Model& model);

// Equal keys, equal pictures in all domains: Dataset::key() and Dataset::content_key() of all.
std::uint64_t data_key(const BatchLoader& loader);
std::uint64_t data_content(const BatchLoader& loader);

}  // namespace sumi
