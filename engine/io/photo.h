// Pictures for conversion: what a translated picture must not lose is kept beside its colours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/io/image.h"
#include "engine/io/metadata.h"

namespace sumi {

struct Photo {
  int width = 0, height = 0;
  int depth = 8;                     // bits per channel of its file: 8 or 16
  std::vector<std::uint16_t> rgb;    // [height, width, 3], sRGB, over white, 0 to 65535 at either depth
  std::vector<std::uint16_t> alpha;  // [height, width]; empty: opaque
  std::string remark;                // what reading it had to leave out, in words; mostly ""
  bool grey = false;                 // red, green and blue are equal, and it is written with one channel
  Metadata metadata = {};  // written where the format holds it: jpg, png, tif, webp; bmp the resolution

  std::size_t pixels() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

// Upright (EXIF orientation applied), RGB (grey repeated, palettes looked up), sRGB: an embedded ICC profile
// is converted, of CMYK too, and linear floats get the curve. Where the picture is transparent, rgb is its
// colour over white. Files of more than 8 bits have depth 16. Errors as load_image's, which see.
Photo load_photo(const std::filesystem::path& path, std::int64_t max_pixels = 200'000'000);

// Of a photo the picture with 1 channel (luma) or 3, over white; an 8-bit level v is 257 v.
Image16 to_image(const Photo& photo, int channels);

// Formats and errors as save_image's. 16 bits for png and tif, else 8. Formats without alpha (jpg, bmp,
// ppm) get rgb as it is; with alpha, the colours that over white are rgb (white where nothing is seen).
// Of the rest only metadata is written: no profile.
void save_photo(const std::filesystem::path& path, const Photo& photo, int quality = 95);

Photo resize_photo(const Photo& photo, int width, int height, Filter filter = Filter::automatic);

// Left beside right, of equal heights.
Photo beside(const Photo& left, const Photo& right);

// Pictures below `folder`, relative to it, sorted: by their extensions, and where there is none by their first bytes. Links are
// followed; hidden files and folders and what sumi train wrote are left out. What else was left out is named to warn().
std::vector<std::string> find_pictures(const std::filesystem::path& folder,
                                       const std::function<void(const std::string&)>& warn);

}  // namespace sumi
