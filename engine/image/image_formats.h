// The table of image formats. A new format is one row here and a codec (engine/image/codecs_direct
// or codecs_module).
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace sumi {

// Bytes at a fixed offset that identify a format.
struct FormatMagic {
  std::size_t offset = 0;
  std::string_view bytes;  // empty: unused entry
};

struct ImageFormat {
  // OpenImageIO's name of the format. "raw" stands for every camera's raw format.
  std::string_view name;
  // Extensions of files that are read, with the dot and in lower case; the first is the usual one.
  std::array<std::string_view, 4> extensions = {};
  std::array<FormatMagic, 9> magic = {};

  // For writing. The first `written` extensions can be written; 0: the format is only read.
  std::size_t written = 0;
  bool alpha = false;       // holds transparency
  bool deep = false;        // holds 16 bits per channel
  bool gray = true;         // holds one channel; else gray is written as RGB
  bool gray_alpha = false;  // holds gray with alpha; else that is written as RGBA
  bool metadata = false;    // holds EXIF data
  bool quality = false;     // lossy; --quality applies
  int max_side = 0;         // pixels; 0: unlimited
};

// The format of the file name's extension (of any case), or null.
const ImageFormat* format_of_extension(const std::filesystem::path& path);
// The same if files of that extension can be written, else null.
const ImageFormat* writable_format(const std::filesystem::path& path);

// The format that a file's first bytes (32 are enough) identify, or null. TGA has no magic number.
const ImageFormat* format_of_bytes(std::string_view start);

// Returns true if the name ends like an image that load_image reads ("x.PNG"). Data sets consist of
// these files.
bool has_image_extension(const std::filesystem::path& path);
// Returns true if the name ends like an image that save_image writes.
bool has_writable_extension(const std::filesystem::path& path);
// Returns true if files of this name can be written and hold transparency.
bool holds_alpha(const std::filesystem::path& path);

// The extensions of the formats that can be written, for messages:
// "png, jpg, webp, tif, bmp, tga or ppm". With `feature` only the formats that have it.
std::string writable_names(const char* conjunction = "or", bool ImageFormat::*feature = nullptr);

namespace io {

// ".png" of a name, in lower case.
std::string extension_of(const std::filesystem::path& path);

}  // namespace io
}  // namespace sumi
