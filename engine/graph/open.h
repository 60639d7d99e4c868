// Network files of other programs, told from their bytes.
#pragma once

#include <filesystem>

#include "engine/graph/graph.h"

namespace sumi::graph {

// Returns false for folders, missing files and every other kind of file.
bool is_network_file(const std::filesystem::path& path);
// Throws Error that names the file.
Graph read_network(const std::filesystem::path& path);

}  // namespace sumi::graph
