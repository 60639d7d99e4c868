// Decoding of image files to raw samples. Private to the image and data libraries.
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
  bool deep = false;                      // keep more than 8 bits as 16; else always 8
  // read the ICC profile; with one, more than 8 bits become 16, because 8 are too few in dark
  // linear light
  bool profile = false;
};

struct FreeBytes {
  void operator()(std::uint8_t* bytes) const { std::free(bytes); }
};
using Bytes = std::unique_ptr<std::uint8_t[], FreeBytes>;
// Zeroed memory, so that pixels that a decoder skips do not expose other data. Pages are committed
// when written, so a header that claims a huge size costs little. Throws std::bad_alloc.
Bytes zeroed(std::size_t bytes);

// Decoded samples, [height, width, channels], 8 or 16 bits (depth), before flattening and rotation.
struct Decoded {
  int width = 0, height = 0, channels = 0, depth = 8;
  Bytes data;
  int alpha = -1;         // channel index, or -1
  bool straight = false;  // color not multiplied by alpha
  bool linear = false;    // linear light, needs the sRGB curve
  bool cmyk = false;      // four inks, 0 is no ink
  int orientation = 1;    // EXIF orientation
  std::string profile;    // the bytes of an ICC profile, or ""
  std::string remark;     // what was ignored, in words, or ""
  Metadata metadata;

  int colors() const { return alpha < 0 ? channels : alpha; }
  std::size_t pixels() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

// Appends to remarks, separated by "; ".
void add_remark(std::string& remarks, const std::string& text);
// Returns "holds 3 pages, of which the first was taken".
std::string first_of(const std::string& part, std::int64_t count);

// Throws Error "[image PATH] ..." like load_image. Starts no threads.
Decoded decode_image(const std::filesystem::path& path, const DecodeOptions& options);

// The position in the stored image, of width w and height h, of pixel (x, y) of the upright image.
std::pair<int, int> stored_position(int orientation, int x, int y, int w, int h);
inline bool swaps_sides(int orientation) {
  return orientation >= 5 && orientation <= 8;
}

}  // namespace sumi::io
