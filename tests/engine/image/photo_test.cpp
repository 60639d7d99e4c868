// Images for conversion: reading, writing, and lossless round trips.
#include "engine/image/photo.h"

#include <cmath>
#include <cstdlib>

#include "engine/serialize/file.h"
#include "tests/engine/image_files.h"

using namespace sumi;

namespace {

using PhotoValues = std::vector<std::uint16_t>;

// 8-bit levels as in Photo.
PhotoValues photo_levels(std::initializer_list<int> v) {
  PhotoValues out;
  for (const int x : v) out.push_back(static_cast<std::uint16_t>(x * 257));
  return out;
}

Photo make_photo(int w, int h, int depth, bool alpha) {
  Photo photo{w, h, depth, {}, {}, ""};
  for (std::size_t i = 0; i < photo.pixels() * 3; ++i)
    photo.rgb.push_back(static_cast<std::uint16_t>(depth == 16 ? i * 6007 : (i * 37) % 256 * 257));
  for (std::size_t i = 0; alpha && i < photo.pixels(); ++i)
    photo.alpha.push_back(static_cast<std::uint16_t>(depth == 16 ? i * 9001 : (i * 53) % 256 * 257));
  for (std::size_t i = 0; alpha && i < photo.rgb.size(); ++i) {
    const double a = photo.alpha[i / 3] / 65535.0;
    photo.rgb[i] = static_cast<std::uint16_t>(std::lround(photo.rgb[i] * a + 65535 * (1 - a)));
  }
  return photo;
}

OIIO::ImageSpec spec_of(const fs::path& path) {
  const auto in = OIIO::ImageInput::open(path.string());
  REQUIRE(in);
  return in->spec();
}

// The APP1 segment of a JPEG, or the eXIf chunk of a PNG: a TIFF header with one field, the
// orientation.
std::string exif(int orientation) {
  return std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + static_cast<char>(orientation) +
         std::string("\0\0\0\0\0\0", 6);
}

Photo gray_photo(int width, int height, const std::vector<std::uint8_t>& gray) {
  Photo photo{width, height, 8, {}, {}, ""};
  for (const std::uint8_t v : gray) photo.rgb.insert(photo.rgb.end(), 3, static_cast<std::uint16_t>(v * 257));
  return photo;
}

std::string little_endian(std::size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

// Converts a simple WebP file to an extended one: RIFF, VP8X with the EXIF flag, the image, EXIF.
void add_exif_to_webp(const fs::path& path, int width, int height, const std::string& exif) {
  const std::string picture = read_file(path, 1 << 20).substr(12);
  const std::string body = "WEBPVP8X" + little_endian(10, 4) + little_endian(8, 4) +
                           little_endian(static_cast<std::size_t>(width - 1), 3) +
                           little_endian(static_cast<std::size_t>(height - 1), 3) + picture + "EXIF" +
                           little_endian(exif.size(), 4) + exif;
  put(path, "RIFF" + little_endian(body.size(), 4) + body);
}

}  // namespace

TEST_CASE("photo: 8 and 16 bits, with and without alpha, come back as they were written") {
  const TempDir dir;
  for (const char* name : {"a.png", "a.tif", "a.webp", "a.bmp", "a.ppm", "a.tga"})
    for (const int depth : {8, 16})
      for (const bool alpha : {false, true}) {
        const std::string ext = fs::path(name).extension().string();
        CAPTURE(std::string(name));
        CAPTURE(depth);
        CAPTURE(alpha);
        const Photo photo = make_photo(5, 3, depth, alpha);
        save_photo(dir.path / name, photo, 100);
        const Photo back = load_photo(dir.path / name);
        const bool deep = depth == 16 && (ext == ".png" || ext == ".tif");
        const bool keeps = alpha && ext != ".ppm";
        CHECK(back.width == 5);
        CHECK(back.height == 3);
        CHECK(back.depth == (deep ? 16 : 8));
        CHECK(back.alpha.empty() == !keeps);
        CHECK(back.remark.empty());
        if (ext == ".webp") continue;  // lossy
        for (std::size_t i = 0; i < back.rgb.size(); ++i) {
          // Over white before and after, whatever the file holds.
          CHECK(std::abs(back.rgb[i] - photo.rgb[i]) <= (deep ? 1 : 257));
          if (!alpha && (deep || depth == 8)) CHECK(back.rgb[i] == photo.rgb[i]);
        }
        if (keeps && (deep || depth == 8)) CHECK(back.alpha == photo.alpha);
      }
}

TEST_CASE("photo: webp keeps colors and alpha as far as it is lossy") {
  const TempDir dir;
  Photo photo{16, 16, 8, PhotoValues(16 * 16 * 3, 177 * 257), PhotoValues(16 * 16, 128 * 257), ""};
  save_photo(dir.path / "x.webp", photo, 95);
  const Photo back = load_photo(dir.path / "x.webp");
  REQUIRE(back.alpha == photo.alpha);
  for (const int v : back.rgb) CHECK(std::abs(v / 257 - 177) <= 3);
}

TEST_CASE("photo: a half-transparent color is laid on white once, and taken off it where alpha is kept") {
  const TempDir dir;
  put(dir.path / "in.png",
      png(3, 1, 8, 6, "", std::string("\0\xff\0\0\x7f\0\x80\xff\x40\x0a\x14\x1e\0", 13)));
  const Photo photo = load_photo(dir.path / "in.png");
  const PhotoValues expected = photo_levels({255, 128, 128, 191, 223, 255, 255, 255, 255});
  for (std::size_t i = 0; i < 9; ++i)
    CHECK(std::abs(photo.rgb.at(i) - expected[i]) <= 64);  // a quarter level
  save_photo(dir.path / "x.ppm", photo);
  CHECK(load_image(dir.path / "x.ppm").data ==
        std::vector<std::uint8_t>{255, 128, 128, 191, 223, 255, 255, 255, 255});
  for (const char* name : {"x.png", "x.tif"}) {
    CAPTURE(std::string(name));
    save_photo(dir.path / name, photo);
    OIIO::ImageSpec wish;
    wish["oiio:UnassociatedAlpha"] = 1;
    const auto in = OIIO::ImageInput::open((dir.path / name).string(), &wish);
    REQUIRE(in);
    std::vector<std::uint8_t> rgba(12);
    REQUIRE(in->read_image(0, 0, 0, 4, OIIO::TypeDesc::UINT8, rgba.data()));
    // Fully transparent pixels are white.
    CHECK(rgba == std::vector<std::uint8_t>{255, 0, 0, 127, 0, 128, 255, 64, 255, 255, 255, 0});
  }
  // Darker than possible over white at this alpha, as networks may generate: clamped to the
  // darkest.
  save_photo(dir.path / "dark.png", Photo{1, 1, 8, photo_levels({50, 128, 255}), photo_levels({127}), ""});
  CHECK(load_photo(dir.path / "dark.png").rgb == photo_levels({128, 128, 255}));
}

TEST_CASE("photo: palette, also with transparency; gray becomes RGB, of 1, 8 and 16 bits") {
  const TempDir dir;
  const auto p = dir.path / "x.png";
  const std::string palette = chunk("PLTE", std::string("\xff\0\0\0\0\xff", 6));
  put(p, png(2, 1, 8, 3, palette, std::string("\0\0\1", 3)));
  CHECK(load_photo(p).rgb == photo_levels({255, 0, 0, 0, 0, 255}));
  CHECK(load_photo(p).alpha.empty());
  put(p, png(2, 1, 8, 3, palette + chunk("tRNS", std::string("\xff\0", 2)), std::string("\0\0\1", 3)));
  CHECK(load_photo(p).rgb == photo_levels({255, 0, 0, 255, 255, 255}));
  CHECK(load_photo(p).alpha == photo_levels({255, 0}));
  put(p, png(2, 1, 1, 0, "", std::string("\0\x40", 2)));
  CHECK(load_photo(p).rgb == photo_levels({0, 0, 0, 255, 255, 255}));
  put(p, png(2, 1, 16, 0, "", std::string("\0\x12\x34\xff\xff", 5)));
  const Photo deep = load_photo(p);
  CHECK(deep.depth == 16);
  CHECK(deep.rgb == PhotoValues{0x1234, 0x1234, 0x1234, 65535, 65535, 65535});
  put(p, png(1, 1, 8, 4, "", std::string("\0\x64\x80", 3)));  // gray and alpha
  CHECK(load_photo(p).alpha == photo_levels({128}));
  CHECK(load_photo(p).rgb[0] / 257 == 177);
  put(p, png(1, 1, 8, 0, "", std::string("\0\x40", 2)));
  CHECK(load_photo(p).rgb == photo_levels({64, 64, 64}));
}

TEST_CASE("photo: color that is multiplied by alpha is not multiplied twice") {
  const TempDir dir;
  OIIO::ImageSpec spec(1, 1, 4, OIIO::TypeDesc::UINT8);
  write_raw<std::uint8_t>(dir.path / "x.tif", spec, {128, 0, 0, 128});
  const Photo photo = load_photo(dir.path / "x.tif");
  CHECK(photo.alpha == photo_levels({128}));
  CHECK(photo.rgb[0] / 257 == 255);
  CHECK(photo.rgb[1] / 257 == 127);
}

TEST_CASE("photo: EXIF orientation is applied in tif, jpg, webp and png, and not written again") {
  const TempDir dir;
  // The upright image is 3 wide, 2 high: 0 1 2 / 3 4 5. How each orientation stores it:
  const std::vector<std::pair<int, std::vector<int>>> stored_as = {
      {1, {0, 1, 2, 3, 4, 5}}, {2, {2, 1, 0, 5, 4, 3}}, {3, {5, 4, 3, 2, 1, 0}}, {4, {3, 4, 5, 0, 1, 2}},
      {5, {0, 3, 1, 4, 2, 5}}, {6, {2, 5, 1, 4, 0, 3}}, {7, {5, 2, 4, 1, 3, 0}}, {8, {3, 0, 4, 1, 5, 2}}};
  for (const auto& [orientation, order] : stored_as) {
    CAPTURE(orientation);
    const int w = orientation >= 5 ? 2 : 3, h = orientation >= 5 ? 3 : 2;
    std::string rows;
    std::vector<std::uint8_t> gray, blocks(static_cast<std::size_t>(w * h) * 256);
    for (int i = 0; i < w * h; ++i) {
      const int v = order[static_cast<std::size_t>(i)] * 50;
      if (i % w == 0) rows += '\0';
      rows += static_cast<char>(v);
      gray.push_back(static_cast<std::uint8_t>(v));
      // A JPEG of blocks of 16 x 16 pixels, so that nothing bleeds into the next block.
      for (int k = 0; k < 256; ++k)
        blocks[static_cast<std::size_t>((i / w * 16 + k / 16) * w * 16 + i % w * 16 + k % 16)] =
            static_cast<std::uint8_t>(v);
    }
    OIIO::ImageSpec tif(w, h, 1, OIIO::TypeDesc::UINT8), jpg(16 * w, 16 * h, 1, OIIO::TypeDesc::UINT8);
    tif.attribute("Orientation", orientation);
    jpg.attribute("Orientation", orientation);
    write_raw(dir.path / "x.tif", tif, gray);
    write_raw(dir.path / "x.jpg", jpg, blocks);
    put(dir.path / "x.png", png(static_cast<std::uint32_t>(w), static_cast<std::uint32_t>(h), 8, 0,
                                chunk("eXIf", exif(orientation)), rows));
    save_photo(dir.path / "x.webp", gray_photo(16 * w, 16 * h, blocks), 100);
    add_exif_to_webp(dir.path / "x.webp", 16 * w, 16 * h, exif(orientation));
    for (const char* name : {"x.tif", "x.png", "x.jpg", "x.webp"}) {
      CAPTURE(std::string(name));
      const Photo photo = load_photo(dir.path / name);
      const bool in_blocks = name == std::string("x.jpg") || name == std::string("x.webp");
      const int step = in_blocks ? 16 : 1;
      REQUIRE(photo.width == 3 * step);
      REQUIRE(photo.height == 2 * step);
      for (int i = 0; i < 6; ++i) {
        const int at = (i / 3 * step + step / 2) * photo.width + i % 3 * step + step / 2;
        CHECK(std::abs(photo.rgb[static_cast<std::size_t>(3 * at)] / 257 - 50 * i) <= (step == 1 ? 0 : 4));
      }
      for (const char* out : {"o.jpg", "o.tif", "o.png"}) {
        save_photo(dir.path / out, photo);
        CHECK(spec_of(dir.path / out).get_int_attribute("Orientation", 1) == 1);
        CHECK(load_photo(dir.path / out).width == photo.width);
      }
    }
  }
}

TEST_CASE("photo: 16 bits of linear light get the sRGB curve at 16 bits") {
  const TempDir dir;
  OIIO::ImageSpec spec(1, 1, 3, OIIO::TypeDesc::HALF);
  write_raw<float>(dir.path / "x.exr", spec, {0.2158F, 1, 0});
  const Photo photo = load_photo(dir.path / "x.exr");
  CHECK(photo.depth == 16);
  CHECK(std::abs(photo.rgb[0] - 32896) < 100);  // 0.502, as the half nearest to 0.2158
  CHECK(photo.rgb[1] == 65535);
  CHECK(photo.rgb[2] == 0);
}

TEST_CASE("photo: one pixel, and images beside each other") {
  const TempDir dir;
  for (const char* name : {"x.png", "x.jpg", "x.webp", "x.tif", "x.bmp"}) {
    save_photo(dir.path / name, Photo{1, 1, 8, photo_levels({90, 90, 90}), {}, ""});
    const Photo back = load_photo(dir.path / name);
    CHECK(back.width == 1);
    CHECK(std::abs(back.rgb[0] / 257 - 90) <= 2);
  }
  const Photo a = make_photo(2, 3, 8, true), b = make_photo(4, 3, 16, true);
  const Photo both = beside(a, b);
  CHECK(both.width == 6);
  CHECK(both.depth == 16);
  CHECK(both.rgb[2 * 3 + 5] == b.rgb[5]);
  CHECK(both.rgb[6 * 3] == a.rgb[6]);
  CHECK(both.alpha[8] == b.alpha[4]);
  CHECK(beside(a, make_photo(4, 3, 8, false)).alpha.empty());
  CHECK_THROWS_AS(beside(a, make_photo(2, 2, 8, false)), Error);
}

TEST_CASE("photo: resizing keeps constants, alpha and 16 bits") {
  const Photo flat{9, 7, 16, PhotoValues(9 * 7 * 3, 43210), PhotoValues(9 * 7, 1234), ""};
  const Photo half = resize_photo(flat, 4, 3);
  CHECK(half.width == 4);
  CHECK(half.depth == 16);
  REQUIRE(half.rgb.size() == 4 * 3 * 3);
  for (const int v : half.rgb) CHECK(std::abs(v - 43210) <= 1);
  for (const int v : half.alpha) CHECK(std::abs(v - 1234) <= 1);
  CHECK_THROWS_AS(resize_photo(flat, 0, 3), Error);
}

TEST_CASE("photo: broken files are errors that name the file") {
  const TempDir dir;
  put(dir.path / "a.png", "no image");
  CHECK(has(error_of([&] { load_photo(dir.path / "a.png"); }), "[image " + (dir.path / "a.png").string()));
  CHECK(has(error_of([&] { load_photo(dir.path / "none.png"); }), "does not exist"));
  put(dir.path / "large.png", png(20'000, 20'000, 8, 0, "", "x"));
  CHECK(has(error_of([&] { load_photo(dir.path / "large.png"); }), "more than the limit"));
  CHECK(has(error_of([&] { save_photo(dir.path / "x.gif", make_photo(1, 1, 8, false)); }), "use .png"));
  CHECK_FALSE(fs::exists(dir.path / "x.gif"));
}
