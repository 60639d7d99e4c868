// The orientation in a block of EXIF data. Private to engine/io.
#pragma once

#include <optional>
#include <string_view>

namespace sumi::io {

// The orientation (1 to 8) in the first directory of `tiff`, the block from its byte order mark on; 1 where there is no such tag.
// Nothing for a block or tag of any other form.
std::optional<int> exif_orientation(std::string_view tiff);

}  // namespace sumi::io
