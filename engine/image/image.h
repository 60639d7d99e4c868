// Images in memory, with 8 or 16 bits per channel, and their files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sumi {

// Rows from the top, pixels from the left, interleaved channels: data is [height, width, channels].
template <class Level>
struct BasicImage {
  // channels: 1 gray, 3 RGB, 4 RGB over white and alpha
  int width = 0, height = 0, channels = 3;
  std::vector<Level> data;

  BasicImage() = default;
  BasicImage(int w, int h, int c, Level value = 0);
  // With any positive number of channels: no image, but planes of one size that are cut alike.
  // Zeros.
  static BasicImage of_planes(int w, int h, int c) {
    BasicImage planes(w, h, 1);
    planes.channels = c;
    planes.data.resize(planes.data.size() * static_cast<std::size_t>(c));
    return planes;
  }
  bool operator==(const BasicImage&) const = default;

  Level* at(int x, int y) { return data.data() + offset(x, y); }
  const Level* at(int x, int y) const { return data.data() + offset(x, y); }

 private:
  std::size_t offset(int x, int y) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
           static_cast<std::size_t>(channels);
  }
};
using Image8 = BasicImage<std::uint8_t>;
using Image16 = BasicImage<std::uint16_t>;

struct LoadOptions {
  // 1 (luma of color images), 3 (gray repeated), or 4 (with alpha; opaque without one)
  int channels = 3;
  std::uint8_t background = 255;          // blended with transparent pixels; for 4 channels 255
  std::int64_t max_pixels = 200'000'000;  // checked before anything is decoded
};

// The luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.
template <class Level>
Level luma(const Level* rgb) {
  return static_cast<Level>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
}

// Loads an image as 8-bit sRGB from palettes, gray, 16 bits, floats (linear ones get the sRGB
// curve) and CMYK. An embedded ICC profile is applied; one that is damaged or does not match is
// ignored. EXIF orientation is applied. The first image of animations and multi-page files is read;
// `remark` receives what was ignored, in words, or "". The content determines the format, so a JPEG
// named .png is read. Throws Error "[image PATH] ..." for an empty, truncated, unknown or
// absurdly large file and for a camera's raw file. Thread-safe; starts no threads.
Image8 load_image(const std::filesystem::path& path, const LoadOptions& options = {},
                  std::string* remark = nullptr);

// Writes a file in the format of its extension (see image_formats.h), atomically; equal images give
// equal bytes. quality: 1 to 100, for lossy formats. Throws Error for an unknown extension, for a
// side longer than the format allows, and for a failed write.
void save_image(const std::filesystem::path& path, const Image8& image, int quality = 95);
// The bytes of that file.
std::string encoded_image(const std::filesystem::path& path, const Image8& image, int quality = 95);

// automatic: lanczos3 to shrink, bicubic to enlarge (less ringing). bicubic is the cubic of Keys
// (1981) with a = -1/2, as Pillow's BICUBIC, from which it differs by at most one level: here
// nothing is rounded between rows and columns.
enum class Filter { automatic, box, bilinear, bicubic, lanczos3 };

// For 8 and 16 bits. The filter is widened when shrinking, so nothing aliases. Edges are
// renormalized, not padded.
template <class Level>
BasicImage<Level> resize_image(const BasicImage<Level>& image, int width, int height,
                               Filter filter = Filter::automatic);

// The central part; the image must be at least as large.
template <class Level>
BasicImage<Level> crop_center(const BasicImage<Level>& image, int width, int height);

// Resizes the short side to `size`, then crops the center square.
template <class Level>
BasicImage<Level> square_image(const BasicImage<Level>& image, int size, Filter filter = Filter::automatic);

// Repeats each pixel `scale` times in both directions.
Image8 enlarge(const Image8& image, int scale);

// Arranges images in rows of `columns` (0: nearly square), with `margin` pixels around each, in
// cells of the largest size. The sheet is RGB if any image is, and has alpha if any image has.
// Throws Error if there are no images.
Image8 make_sheet(const std::vector<Image8>& images, int columns = 0, int margin = 2,
                  std::uint8_t background = 255);

}  // namespace sumi
