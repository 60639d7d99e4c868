// The number of images in a file, of which one is read. Private to the engine.
#pragma once

#include <filesystem>
#include <string>

namespace sumi::io {

// Returns "holds 12 frames, of which the first was taken" for GIF, PNG (APNG) and HEIF sequences
// (AVIF) with more than one frame, else "". Walks over the file's blocks and decodes nothing;
// damaged files are counted up to the damage.
std::string frames_remark(const std::string& format, const std::filesystem::path& path);

}  // namespace sumi::io
