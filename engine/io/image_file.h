// What a picture's file is, told from its bytes before a decoder sees it. Private to engine/io.
#pragma once

#include <filesystem>
#include <string>

namespace sumi::io {

// OpenImageIO's name of the format that the first bytes show ("png"), or "" if they fit none. Errors
// "[picture PATH]" for a missing or empty file and for a PNG that ends early (libpng would print to stderr by
// itself).
std::string probe_picture(const std::filesystem::path& path);

// OpenImageIO's message, which may have several lines or none, as one.
std::string one_line(std::string text);

}  // namespace sumi::io
