// Identifies image files by their bytes before a decoder reads them. Private to the image and data
// libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sumi::io {

// Returns the ImageFormat::name that a file's first bytes (32 are enough) identify, or "". "raw": a
// camera's raw file.
std::string format_of(std::string_view start);

// Limit for files that are read at once.
inline constexpr std::uint64_t kMaxImageBytes = std::uint64_t{1} << 31;

// Returns the ImageFormat::name of a file ("png"), or "" if it is unknown. Throws Error "[image
// PATH]" for a missing or empty file, for a PNG or TGA that ends early, for an OpenEXR whose header
// does, and for PSD and ICO: under fuzzing, files of a hundred bytes made their decoders use
// gigabytes and minutes and access invalid addresses.
std::string probe_image(const std::filesystem::path& path);

// The meaning of a TGA's fourth channel (Truevision's specification 2.0: the number of attribute
// bits, and the extension's attribute type).
enum class TgaAlpha { none, straight, multiplied };
TgaAlpha tga_alpha(const std::filesystem::path& path);

// Throws Error `[where]` for a camera's raw file, which must be developed first.
[[noreturn]] void fail_raw(const std::string& where);

// OpenImageIO's message, which may have several lines or none, as one line.
std::string one_line(std::string text);

}  // namespace sumi::io
