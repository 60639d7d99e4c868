// Images for conversion, with everything that a translated image must preserve besides its colors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "engine/image/metadata.h"

namespace sumi {

struct Photo {
  int width = 0, height = 0;
  int depth = 8;  // bits per channel of the file: 8 or 16
  // [height, width, 3], sRGB, over white, 0 to 65535 at either depth
  std::vector<std::uint16_t> rgb;
  std::vector<std::uint16_t> alpha;  // [height, width]; empty: opaque
  std::string remark;                // what was ignored when reading, in words; usually ""
  bool gray = false;                 // red, green and blue are equal; written with one channel
  // written if the format supports it (ImageFormat::metadata); for bmp only the resolution
  Metadata metadata = {};

  std::size_t pixels() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

// Loads an image upright (EXIF orientation applied), as RGB (gray repeated, palettes looked up), in
// sRGB: an embedded ICC profile is applied, also to CMYK, and linear floats get the curve. For
// transparent pixels, rgb is the color over white. Files of more than 8 bits have depth 16. Throws
// the errors of load_image.
Photo load_photo(const std::filesystem::path& path, std::int64_t max_pixels = 200'000'000);

// The photo over white with 1 channel (luma) or 3, or 4: with alpha. An 8-bit level v is 257 v.
Image16 to_image(const Photo& photo, int channels);

// Formats and errors as save_image. 16 bits for formats that support them (ImageFormat::deep), else
// 8. Formats without alpha get rgb unchanged; with alpha, the colors that give rgb over white
// (white where alpha is 0). Of the other data only metadata is written: no profile.
void save_photo(const std::filesystem::path& path, const Photo& photo, int quality = 95);
// The bytes of that file, which is not written.
std::string encode_photo(const std::filesystem::path& path, const Photo& photo, int quality = 95);

Photo resize_photo(const Photo& photo, int width, int height, Filter filter = Filter::automatic);

// Joins two photos of equal height, left and right.
Photo beside(const Photo& left, const Photo& right);

}  // namespace sumi
