// What a picture's file is, told from its bytes before a decoder sees it. Private to engine/io.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sumi::io {

// OpenImageIO's name of the format that a file's first bytes (32 are enough) show, or "" if they fit none.
std::string format_of(std::string_view start);

// OpenImageIO's name of the format that the first bytes show ("png"), or "" if they fit none. Errors "[picture PATH]" for a
// missing or empty file, for a PNG or TGA that ends early, for an OpenEXR whose header does, and for PSD and ICO: fuzzing
// made their decoders take gigabytes, minutes and addresses out of files of a hundred bytes.
std::string probe_picture(const std::filesystem::path& path);

// OpenImageIO's message, which may have several lines or none, as one.
std::string one_line(std::string text);

}  // namespace sumi::io
