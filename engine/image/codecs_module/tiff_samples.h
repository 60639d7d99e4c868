// Rows of TIFF samples as 16-bit levels. Private to the image and data libraries.
#pragma once

#include <tiffio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/image/float_levels.h"

namespace sumi::io {

// The sample layout of a page. Missing tags have the defaults of TIFF 6.0.
struct TiffLayout {
  std::uint32_t width = 0, height = 0;
  std::uint16_t bits = 1, samples = 1, photometric = PHOTOMETRIC_MINISWHITE, format = SAMPLEFORMAT_UINT;
  bool planes = false;             // PlanarConfiguration 2: one plane per sample
  std::size_t extra = 0;           // samples after the colors
  std::size_t alpha = 0;           // index of the alpha sample; 0: none
  bool straight = false;           // colors not multiplied by alpha
  std::vector<std::uint16_t> map;  // [3, 2^bits], the palette
};

// Returns why samples of this format cannot be converted to levels ("has signed samples; ..."), or
// "".
std::string tiff_objection(const TiffLayout& layout);

// Samples first, first + 1, ... of the pixels x, x + 1, ... of row y: 16-bit levels, or palette
// indices.
struct TiffRow {
  std::uint32_t x = 0, y = 0, pixels = 0;
  std::uint16_t first = 0, samples = 1;
  const std::uint16_t* values = nullptr;  // [pixels, samples]
};

// Reads every strip or tile of the current page and passes on its rows. Returns false if libtiff
// reports an error or a block is shorter than its rows.
bool read_tiff_rows(TIFF* tiff, const TiffLayout& layout, FloatRange& range,
                    const std::function<void(const TiffRow&)>& take);

}  // namespace sumi::io
