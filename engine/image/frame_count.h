// How many pictures a file holds of which one is read. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

namespace sumi::io {

// "holds 12 frames, of which the first was taken" for GIF, PNG (APNG) and HEIF sequences (AVIF) of more than one, else "". Walks
// over the file's blocks and decodes nothing; what is damaged counts as far as it goes.
std::string frames_remark(const std::string& format, const std::filesystem::path& path);

}  // namespace sumi::io
