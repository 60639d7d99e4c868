// The pictures of a run: one domain, or two for a translation.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/io/dataset.h"
#include "engine/staging.h"
#include "engine/tensor.h"
#include "models/model.h"

namespace sumi {

// The folder (or idx file) of each domain.
std::vector<std::filesystem::path> data_paths(const TrainOptions& options);

// What the options say of pictures and batches; `data` is left empty.
DatasetSpec dataset_spec(const TrainOptions& options);

// [n,h,w,c] in the run's precision, on the device of `staging`, the run's.
Tensor to_tensor(const Batch& batch, const TrainOptions& options, Staging& staging);

// Up to six pictures of each domain, evenly spread over the set, each [1,h,w,c]: the middle, as large as the crops
// of training.
std::vector<std::vector<Tensor>> sample_pictures(const BatchLoader& loader, const TrainOptions& options);

// Throws Error naming folder and size unless the model's networks take every picture. (Crops are all of one size,
// which validate() has checked.)
void check_picture_sizes(const BatchLoader& loader, const TrainOptions& options, Model& model);

// Equal keys, equal pictures in all domains.
std::uint64_t data_key(const BatchLoader& loader);

}  // namespace sumi
