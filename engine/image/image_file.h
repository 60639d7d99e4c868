// What a picture's file is, told from its bytes before a decoder sees it. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sumi::io {

// OpenImageIO's name of the format that a file's first bytes (32 are enough) show, or "" if they fit none.
// "raw": a camera's raw file.
std::string format_of(std::string_view start);

// Of a file that is read at once.
inline constexpr std::uint64_t kMaxPictureBytes = std::uint64_t{1} << 31;

// OpenImageIO's name of the format that the first bytes show ("png"), or "" if they fit none. Errors "[picture PATH]" for a
// missing or empty file, for a PNG or TGA that ends early, for an OpenEXR whose header does, and for PSD and ICO: fuzzing
// made their decoders take gigabytes, minutes and addresses out of files of a hundred bytes.
std::string probe_picture(const std::filesystem::path& path);

// What the fourth channel of a TGA is (Truevision's specification 2.0: the count of attribute bits, the extension's attribute type).
enum class TgaAlpha { none, straight, multiplied };
TgaAlpha tga_alpha(const std::filesystem::path& path);

// Error `[where]`: a camera's raw file, which has to be developed first.
[[noreturn]] void fail_raw(const std::string& where);

// OpenImageIO's message, which may have several lines or none, as one.
std::string one_line(std::string text);

}  // namespace sumi::io
