// The weights of a model's networks as files hold them: under PyTorch's names, in its layouts.
#pragma once

#include <string>
#include <vector>

#include "engine/serialize/checkpoint.h"
#include "engine/serialize/torch_writer.h"
#include "models/model.h"

namespace sumi {

// How weights are stored: f32 (f64 if the model is), or rounded to nearest even.
enum class ExportPrecision : std::uint8_t { keep, f16, bf16 };

// Copies the file's values of a network, or with `ema` their averages, into its parameters and
// buffers. The values of the model may be others: loading for inference takes the averages. Throws
// Error if the file has no averages of the network.
void load_exported_values(const Model::Network& network, const CheckpointFile& file, bool ema);
// Returns true if the file has averages of the network's weights.
bool has_averages(const Model::Network& network, const CheckpointFile& file);

// The parameters and buffers of a network, and for each batch norm PyTorch's num_batches_tracked.
// Buffers keep their precision. Throws Error if a value exceeds the range of f16.
StateDict state_dict(const Module& network, ExportPrecision precision);

// Half precision (IEEE 754 binary16) of a value, rounded to nearest even; infinity beyond 65504.
std::uint16_t half_bits(float value);

}  // namespace sumi
