// Pictures in memory: 8 or 16 bits per channel, read and written as files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sumi {

// Rows from the top, pixels from the left, channels together: data is [height, width, channels].
template <class Level>
struct BasicImage {
  int width = 0, height = 0, channels = 3;  // channels: 1 gray, 3 RGB
  std::vector<Level> data;

  BasicImage() = default;
  BasicImage(int w, int h, int c, Level value = 0);
  // With any positive number of channels: no picture, but planes of one size that are cut alike. Zeros.
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
  int channels = 3;                       // 1 (luma of color pictures) or 3 (gray repeated)
  std::uint8_t background = 255;          // what shows through transparent pixels
  std::int64_t max_pixels = 200'000'000;  // checked before anything is decoded
};

// 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.
template <class Level>
Level luma(const Level* rgb) {
  return static_cast<Level>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
}

// Palettes, gray, 16 bits, floats (linear ones get the sRGB curve) and CMYK become 8-bit sRGB: an embedded ICC
// profile is converted, one that is damaged or does not fit is left out. EXIF orientation is applied; of
// animations and pages the first is taken, and `remark` gets what was left out, in words, or "". The content decides
// the format, so a JPEG named .png is read. Error "[picture PATH] ..." for an empty, truncated, foreign or absurdly
// large file and for a camera's raw file. May be called from any thread and starts none.
Image8 load_image(const std::filesystem::path& path, const LoadOptions& options = {},
                  std::string* remark = nullptr);

// Whether the name ends like a picture that load_image reads ("x.PNG"): what a folder of pictures is made of.
bool has_image_extension(const std::filesystem::path& path);

// Whether the name ends like a picture that can be written: png jpg jpeg webp tif tiff bmp tga ppm.
bool has_writable_extension(const std::filesystem::path& path);
// The same names for messages.
inline constexpr const char* kWritableNames = "png, jpg, webp, tif, bmp, tga or ppm";
// Whether a file of this name, which can be written, holds transparency: not jpg and ppm.
bool holds_alpha(const std::filesystem::path& path);

// The format follows the extension (has_writable_extension). Atomic; the same picture gives the same bytes.
// quality: of jpg and webp, 1 to 100. Error for an unknown extension, for a
// side longer than the format can hold (jpg 65500, tga 65535, webp 16383 pixels) and for a failed write.
void save_image(const std::filesystem::path& path, const Image8& image, int quality = 95);

// automatic: lanczos3 to shrink, bicubic to enlarge (less ringing). bicubic is the cubic of Keys (1981) with
// a = -1/2, as Pillow's BICUBIC, from which it differs by one level at most: here nothing is rounded between
// rows and columns.
enum class Filter { automatic, box, bilinear, bicubic, lanczos3 };

// Of 8 and of 16 bits:
// The filter is widened when shrinking, so nothing aliases. Edges are renormalized, not padded.
template <class Level>
BasicImage<Level> resize_image(const BasicImage<Level>& image, int width, int height,
                               Filter filter = Filter::automatic);

// The middle part; the picture must be at least as large.
template <class Level>
BasicImage<Level> crop_center(const BasicImage<Level>& image, int width, int height);

// The short side becomes `size`, then the middle square is cut out.
template <class Level>
BasicImage<Level> square_image(const BasicImage<Level>& image, int size, Filter filter = Filter::automatic);

// Pictures in rows of `columns` (0: near a square), `margin` pixels around each, in cells of the largest
// size. The sheet is RGB if any of them is. Error for no pictures.
Image8 make_sheet(const std::vector<Image8>& images, int columns = 0, int margin = 2,
                  std::uint8_t background = 255);

}  // namespace sumi
