// EXIF data and the resolution are copied from file to file.
#include "engine/image/metadata.h"

#include <cmath>
#include <sstream>

#include "engine/image/exif.h"
#include "engine/image/photo.h"
#include "engine/serialize/file.h"
#include "tests/engine/image_files.h"

using namespace sumi;
using io::ExifField;

namespace {

std::string text_field(const std::string& text) {
  return text + std::string(1, '\0');
}

// Big-endian: author and date, a thumbnail directory, and from the camera an exposure, maker notes
// and a size.
std::string block(int orientation) {
  std::vector<ExifField> main{{0x112, 3, 1, std::string(1, '\0') + static_cast<char>(orientation)},
                              {0x11a, 5, 1, big(300) + big(1)},
                              {0x11b, 5, 1, big(150) + big(1)},
                              {0x132, 2, 20, text_field("2019:05:04 03:02:01")},
                              {0x13b, 2, 11, text_field("Ada Author")},
                              {0x8298, 2, 6, text_field("(c) A")},
                              {0x8769, 4, 1, big(0)}};
  const std::size_t at = 8 + io::directory_bytes(main, 8, true).size();
  main.back().bytes = big(static_cast<std::uint32_t>(at));
  const std::vector<ExifField> camera{{0x829a, 5, 1, big(1) + big(60)},
                                      {0x927c, 7, 12, "maker's note"},
                                      {0xa001, 3, 1, std::string("\xff\xff", 2)},
                                      {0xa002, 4, 1, big(4000)}};
  return std::string("MM\0*\0\0\0\x08", 8) + io::directory_bytes(main, 8, true) +
         io::directory_bytes(camera, static_cast<std::uint32_t>(at), true);
}

const ExifField* find(const std::vector<ExifField>& fields, int tag) {
  for (const ExifField& field : fields)
    if (field.tag == tag) return &field;
  return nullptr;
}

io::Exif parsed(const std::string& bytes) {
  std::istringstream in(bytes);
  const auto exif = io::read_exif(in);
  REQUIRE(exif.has_value());
  return *exif;
}

}  // namespace

TEST_CASE("metadata: EXIF and resolution are kept in every format that holds them") {
  const TempDir dir;
  put(dir.path / "in.png", png(2, 1, 8, 0, chunk("eXIf", block(6)), std::string("\0\x40\x80", 3)));
  const Photo photo = load_photo(dir.path / "in.png");
  CHECK(photo.height == 2);  // turned
  CHECK(photo.metadata.dpi_x == 300);
  CHECK(photo.metadata.dpi_y == 150);
  for (const char* name : {"x.jpg", "x.png", "x.tif", "x.webp"}) {
    CAPTURE(std::string(name));
    save_photo(dir.path / name, photo);
    const std::string bytes = read_file(dir.path / name, 1 << 20);
    save_photo(dir.path / name, photo);
    CHECK(read_file(dir.path / name, 1 << 20) == bytes);
    CHECK_FALSE(has(bytes, "maker's note"));
    const Photo back = load_photo(dir.path / name);
    CHECK(back.height == 2);  // not turned again
    CHECK(std::abs(back.metadata.dpi_x - 300) < 0.01);
    CHECK(std::abs(back.metadata.dpi_y - 150) < 0.01);
    const io::Exif exif = parsed(back.metadata.exif);
    CHECK(io::orientation_of(exif) == 1);
    REQUIRE(find(exif.main, 0x13b));
    CHECK(find(exif.main, 0x13b)->bytes == text_field("Ada Author"));
    CHECK(find(exif.main, 0x132)->bytes == text_field("2019:05:04 03:02:01"));
    CHECK(find(exif.main, 0x8298)->bytes == text_field("(c) A"));
    REQUIRE(find(exif.camera, 0x829a));
    CHECK(find(exif.camera, 0x829a)->bytes == big(1) + big(60));
    CHECK(find(exif.camera, 0xa001)->bytes == std::string("\0\1", 2));  // sRGB now
    CHECK_FALSE(find(exif.camera, 0xa002));
  }
  save_photo(dir.path / "x.bmp", photo);
  CHECK(std::abs(load_photo(dir.path / "x.bmp").metadata.dpi_x - 300) < 0.1);
  Photo bare = photo;
  bare.metadata = {};
  for (const char* name : {"x.jpg", "x.png", "x.tif", "x.webp"}) {
    save_photo(dir.path / name, bare);
    CHECK(load_photo(dir.path / name).metadata.exif.empty());
    CHECK_FALSE(has(read_file(dir.path / name, 1 << 20),
                    "20"
                    "19:"));
  }
}

TEST_CASE("metadata: damaged EXIF data is left out, the image is read") {
  const TempDir dir;
  const std::string whole = block(1);
  for (std::size_t size = 0; size < whole.size(); size += 3) {
    put(dir.path / "x.png", png(1, 1, 8, 0, chunk("eXIf", whole.substr(0, size)), std::string("\0\x40", 2)));
    CHECK(load_photo(dir.path / "x.png").width == 1);
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string bad = whole;
    bad[i] = static_cast<char>(bad[i] ^ 0xff);
    put(dir.path / "x.png", png(1, 1, 8, 0, chunk("eXIf", bad), std::string("\0\x40", 2)));
    save_photo(dir.path / "y.jpg", load_photo(dir.path / "x.png"));
    CHECK(load_photo(dir.path / "y.jpg").width == 1);
  }
}
