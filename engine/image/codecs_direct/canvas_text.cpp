// Text on a canvas by FreeType.
#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "engine/image/canvas.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

// Text is rendered large and shrunk, which at these sizes is smoother than the renderer's
// antialiasing.
constexpr int kOversample = 2;

// Common sans-serif fonts, best first.
constexpr std::array<std::string_view, 6> kFonts{"DejaVuSans.ttf",       "LiberationSans-Regular.ttf",
                                                 "NotoSans-Regular.ttf", "FreeSans.ttf",
                                                 "Carlito-Regular.ttf",  "DroidSans.ttf"};

// The file of the best available font, or "".
std::string find_font() {
  std::vector<fs::path> roots{"/usr/share/fonts", "/usr/local/share/fonts"};
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    roots.insert(roots.begin(), {fs::path(home) / ".local/share/fonts", fs::path(home) / ".fonts"});
  std::size_t best = kFonts.size();
  std::string file;
  for (const fs::path& root : roots) {
    std::error_code error;
    fs::recursive_directory_iterator it(root, fs::directory_options::skip_permission_denied, error), end;
    for (; !error && it != end && best > 0; it.increment(error)) {
      const std::string name = it->path().filename().string();
      const auto rank =
          static_cast<std::size_t>(std::find(kFonts.begin(), kFonts.end(), name) - kFonts.begin());
      if (rank >= best) continue;
      best = rank;
      file = it->path().string();
    }
  }
  return file;
}

// Removes and returns the first Unicode character of `text`, which is UTF-8; U+FFFD for an invalid
// byte.
char32_t next_character(std::string_view& text) {
  constexpr char32_t kUnknown = 0xFFFD;
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  const int more = first < 0x80         ? 0
                   : (first >> 5) == 6  ? 1
                   : (first >> 4) == 14 ? 2
                   : (first >> 3) == 30 ? 3
                                        : -1;
  if (more < 0 || static_cast<std::size_t>(more) > text.size()) return kUnknown;
  char32_t character = more == 0 ? first : first & (0x3FU >> more);
  for (int i = 0; i < more; ++i) {
    if ((static_cast<unsigned char>(text[static_cast<std::size_t>(i)]) & 0xC0) != 0x80) return kUnknown;
    character = character << 6 | (static_cast<unsigned char>(text[static_cast<std::size_t>(i)]) & 0x3FU);
  }
  text.remove_prefix(static_cast<std::size_t>(more));
  return character;
}

// One face, for one thread at a time.
class Font {
 public:
  static Font& instance() {
    static Font font;
    return font;
  }

  // Calls draw(glyph, pen) for each character in pixels of `size`, with `pen` at its start; returns
  // the end of the last one. Without a font returns 0 and makes no calls.
  template <class Draw>
  int lay_out(std::string_view text, int size, const Draw& draw) {
    const std::lock_guard lock(mutex_);
    if (face_ == nullptr || FT_Set_Pixel_Sizes(face_, 0, static_cast<FT_UInt>(size)) != 0) return 0;
    int pen = 0;
    while (!text.empty()) {
      if (FT_Load_Char(face_, next_character(text), FT_LOAD_RENDER) != 0) continue;
      draw(*face_->glyph, pen);
      pen += static_cast<int>(face_->glyph->advance.x >> 6);  // in 64ths of a pixel
    }
    return pen;
  }

 private:
  Font() {
    const std::string file = find_font();
    if (file.empty() || FT_Init_FreeType(&library_) != 0) return;
    if (FT_New_Face(library_, file.c_str(), 0, &face_) != 0) face_ = nullptr;
  }
  ~Font() {
    if (library_ != nullptr) FT_Done_FreeType(library_);  // the face with it
  }

  std::mutex mutex_;
  FT_Library library_ = nullptr;
  FT_Face face_ = nullptr;
};

// Raises `mask` [height, width] to a glyph's coverage, clipped to the mask.
void put_glyph(Image8& mask, const FT_GlyphSlotRec& glyph, int pen, int baseline) {
  const FT_Bitmap& ink = glyph.bitmap;
  for (int j = 0; j < static_cast<int>(ink.rows); ++j)
    for (int i = 0; i < static_cast<int>(ink.width); ++i) {
      const int x = pen + glyph.bitmap_left + i, y = baseline - glyph.bitmap_top + j;
      if (x < 0 || y < 0 || x >= mask.width || y >= mask.height) continue;
      std::uint8_t& level = *mask.at(x, y);
      level = std::max(level, ink.buffer[j * ink.pitch + i]);
    }
}

}  // namespace

double Canvas::text_width(const std::string& text, int size) const {
  const int width = Font::instance().lay_out(text, size * kOversample, [](const FT_GlyphSlotRec&, int) {});
  return static_cast<double>(width) / kOversample;
}

void Canvas::text(double x, double y, const std::string& text, int size, Rgb color, Align align) {
  const int width = static_cast<int>(std::ceil(text_width(text, size)));
  if (width == 0) return;
  const int w = width + 8, h = 2 * size;
  // Capitals are about 0.73 of the size high; this centers them on the line.
  const int baseline = static_cast<int>(std::lround((h / 2.0 + 0.36 * size) * kOversample));
  Image8 mask(w * kOversample, h * kOversample, 1);
  Font::instance().lay_out(text, size * kOversample, [&](const FT_GlyphSlotRec& glyph, int pen) {
    put_glyph(mask, glyph, 4 * kOversample + pen, baseline);
  });
  mask = resize_image(mask, w, h, Filter::box);
  const double start = x - (align == Align::left ? 0 : align == Align::center ? width / 2.0 : width) - 4;
  const int left = static_cast<int>(std::lround(start)), top = static_cast<int>(std::lround(y - h / 2.0));
  for (int j = std::max(0, -top); j < h && top + j < image_.height; ++j)
    for (int i = std::max(0, -left); i < w && left + i < image_.width; ++i)
      for (std::size_t c = 0; c < 3; ++c) {
        auto& pixel = image_.at(left + i, top + j)[c];
        pixel = mix(pixel, color[c], static_cast<float>(*mask.at(i, j)) / 255.0F);
      }
}

}  // namespace sumi::io
