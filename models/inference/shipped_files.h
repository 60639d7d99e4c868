// Files that come with sumi: weights and the feature network.
#pragma once

#include <filesystem>
#include <string>

namespace sumi {

// FILE in the installation (share/sumi beside the program's folder), or in `folder` of the source
// tree ("weights") if the program lies in it. Empty if it is in neither.
std::filesystem::path find_shipped(const std::string& folder, const std::string& file);

// The weights that `-m NAME` stands for if no such file or run exists: weights/NAME.safetensors, or
// the same file in the folder that SUMI_WEIGHTS names. Empty for a name with a slash or a dot in
// it, and if the file does not exist.
std::filesystem::path shipped_weights(const std::string& name);

}  // namespace sumi
