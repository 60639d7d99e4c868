// The filter of sumi convert for a network of another program, and its description.
#pragma once

#include <filesystem>

#include "models/inference/converter.h"
#include "tools/convert_options.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// Of the model of the arguments, which is_network_file() knows. Throws the errors of read_network()
// and graph::Network, and UsageError for options of models that sumi trained.
PhotoFilter imported_filter(const ConvertArguments& args, const TileOptions& tiles);

// sumi inspect of such a file: inputs, outputs, opset, ops, parameters and the image that it takes.
void inspect_network(const std::filesystem::path& path, bool as_json);

}  // namespace sumi::cli
