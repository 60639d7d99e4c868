// Weights as Keras saves them, in HDF5: one group for each layer, filters as [h,w,in,out].
// Specification: The HDF Group, "HDF5 File Format Specification Version 3.0", superblock 0.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/serialize/torch_writer.h"

namespace sumi {

// Names as PyTorch has them ("main.0.weight") become a layer "main.0" with "kernel:0", "bias:0",
// "gamma:0", "beta:0", "moving_mean:0" and "moving_variance:0"; batch norm's counters are left out.
// `attributes`: texts of the file, by name. Atomic; equal contents give equal bytes. Throws Error
// for dtypes other than F32, F64 and F16.
void write_keras_file(const std::filesystem::path& path, const StateDict& tensors,
                      const std::vector<std::pair<std::string, std::string>>& attributes);

}  // namespace sumi
