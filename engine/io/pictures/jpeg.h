// What must be known of a JPEG before OpenImageIO opens it. Private to engine/io.
#pragma once

#include <filesystem>
#include <vector>

namespace sumi::io {

// The bytes of a JPEG with Photoshop's segments (APP13) turned into segments that nobody reads, or nothing for one that
// has none: OpenImageIO 2.4 believes the lengths in them and reads beyond the segment.
std::vector<char> without_photoshop(const std::filesystem::path& path);

}  // namespace sumi::io
