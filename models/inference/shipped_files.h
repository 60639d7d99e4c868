// Files that come with sumi: weights and the feature network.
#pragma once

#include <filesystem>
#include <string>

namespace sumi {

// FILE where sumi was installed (share/sumi beside the program's folder), or below a folder above the program, in `folder` of the source
// tree ("weights"). Empty when it is in none of them.
std::filesystem::path find_shipped(const std::string& folder, const std::string& file);

// The weights that `-m NAME` stands for where no such file or run exists: weights/NAME.safetensors, or that in the folder that
// SUMI_WEIGHTS names. Empty for a name with a slash or a dot in it, and where there are none.
std::filesystem::path shipped_weights(const std::string& name);

}  // namespace sumi
