// Image files in a folder.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sumi {

// Returns the image files below `folder`, relative to it, sorted: recognized by extension or,
// without one, by their first bytes. Follows links; skips hidden files and folders and everything
// sumi train wrote. Other skipped entries are reported to warn(), which may be null.
std::vector<std::string> find_images(const std::filesystem::path& folder,
                                     const std::function<void(const std::string&)>& warn);

}  // namespace sumi
