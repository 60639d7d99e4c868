// Pictures for conversion: what a translated picture must not lose is kept beside its colors.
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
  int depth = 8;                     // bits per channel of its file: 8 or 16
  std::vector<std::uint16_t> rgb;    // [height, width, 3], sRGB, over white, 0 to 65535 at either depth
  std::vector<std::uint16_t> alpha;  // [height, width]; empty: opaque
  std::string remark;                // what reading it had to leave out, in words; mostly ""
  bool gray = false;                 // red, green and blue are equal, and it is written with one channel
  Metadata metadata = {};  // written where the format holds it: jpg, png, tif, webp; bmp the resolution

  std::size_t pixels() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

// Upright (EXIF orientation applied), RGB (gray repeated, palettes looked up), sRGB: an embedded ICC profile
// is converted, of CMYK too, and linear floats get the curve. Where the picture is transparent, rgb is its
// color over white. Files of more than 8 bits have depth 16. Errors as load_image's, which see.
Photo load_photo(const std::filesystem::path& path, std::int64_t max_pixels = 200'000'000);

// Of a photo the picture with 1 channel (luma) or 3, over white; an 8-bit level v is 257 v.
Image16 to_image(const Photo& photo, int channels);

// Formats and errors as save_image's. 16 bits for png and tif, else 8. Formats without alpha (jpg, bmp,
// ppm) get rgb as it is; with alpha, the colors that over white are rgb (white where nothing is seen).
// Of the rest only metadata is written: no profile.
void save_photo(const std::filesystem::path& path, const Photo& photo, int quality = 95);

Photo resize_photo(const Photo& photo, int width, int height, Filter filter = Filter::automatic);

// Left beside right, of equal heights.
Photo beside(const Photo& left, const Photo& right);

}  // namespace sumi
