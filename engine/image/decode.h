// Files to samples, before they become pictures of a known kind. Private to the image and data libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "engine/image/metadata.h"

namespace sumi::io {

struct DecodeOptions {
  std::int64_t max_pixels = 200'000'000;  // checked before anything is decoded
  bool deep = false;  // samples of 16 bits where the file has more than 8; else always of 8
  bool profile =
      false;  // take the ICC profile along; where there is one, more than 8 bits become 16 (in dark linear
              // light 8 are too few)
};

struct FreeBytes {
  void operator()(std::uint8_t* bytes) const { std::free(bytes); }
};
using Bytes = std::unique_ptr<std::uint8_t[], FreeBytes>;
// Zeros, so that what a decoder leaves out shows nothing of the memory. They take memory where they are written: a header that
// lies about its size costs little. std::bad_alloc.
Bytes zeroed(std::size_t bytes);

// Decoded samples, [height, width, channels], not yet flattened or turned. Samples are of 8 or 16 bits (depth).
struct Decoded {
  int width = 0, height = 0, channels = 0, depth = 8;
  Bytes data;
  int alpha = -1;         // which channel, or -1
  bool straight = false;  // color not multiplied by alpha
  bool linear = false;    // linear light, wants the sRGB curve
  bool cmyk = false;      // four inks, 0 is none
  int orientation = 1;    // of EXIF
  std::string profile;    // the bytes of an ICC profile, or ""
  std::string remark;     // what was left out, in words, or ""
  Metadata metadata;

  int colors() const { return alpha < 0 ? channels : alpha; }
  std::size_t pixels() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

// Adds to remarks, "; " between them.
void add_remark(std::string& remarks, const std::string& text);
// "holds 3 pages, of which the first was taken".
std::string first_of(const std::string& part, std::int64_t count);

// Errors "[picture PATH] ..." as load_image's. Starts no threads.
Decoded decode_picture(const std::filesystem::path& path, const DecodeOptions& options);

// Where the pixel (x, y) of the upright picture lies in the stored one of width w and height h.
std::pair<int, int> stored_position(int orientation, int x, int y, int w, int h);
inline bool swaps_sides(int orientation) {
  return orientation >= 5 && orientation <= 8;
}

}  // namespace sumi::io
