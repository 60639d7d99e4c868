#include "engine/image/image_formats.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/image/image_file.h"

using namespace sumi;

TEST_CASE("image formats: names for messages come from the table") {
  CHECK(writable_names() == "png, jpg, webp, tif, bmp, tga or ppm");
  CHECK(writable_names("and", &ImageFormat::alpha) == "png, webp, tif, bmp and tga");
  CHECK(writable_names("and", &ImageFormat::deep) == "png and tif");
  CHECK(writable_names("and", &ImageFormat::quality) == "jpg and webp");
  CHECK(writable_names("and", &ImageFormat::metadata) == "png, jpg, webp and tif");
}

TEST_CASE("image formats: by extension, whatever its case") {
  REQUIRE(format_of_extension("a/b.JPE"));
  CHECK(format_of_extension("a/b.JPE")->name == "jpeg");
  CHECK(format_of_extension("x.avif")->name == "heif");
  for (const char* name : {"", "png", "a.", "a.png.txt", ".png"}) CHECK(format_of_extension(name) == nullptr);
  CHECK(writable_format("a.Tiff")->name == "tiff");
  for (const char* name : {"a.jpe", "a.pgm", "a.gif", "a.heic"}) {
    CHECK(has_image_extension(name));
    CHECK(writable_format(name) == nullptr);
  }
}

TEST_CASE("image formats: by the first bytes; no format hides another's magic number") {
  const std::string zeros(32, '\0');
  CHECK(format_of_bytes(zeros) == nullptr);
  CHECK(format_of_bytes("") == nullptr);
  CHECK(io::format_of("") == "");
  for (const char* name : {"x.png", "x.jpg", "x.webp", "x.tif", "x.bmp", "x.ppm", "x.gif", "x.exr", "x.hdr",
                           "x.jp2", "x.heic", "x.psd", "x.ico"}) {
    const ImageFormat* format = format_of_extension(name);
    REQUIRE(format);
    CAPTURE(format->name);
    CHECK_FALSE(format->magic[0].bytes.empty());
    for (const FormatMagic& magic : format->magic) {
      if (magic.bytes.empty()) continue;
      std::string start = zeros;
      start.replace(magic.offset, magic.bytes.size(), magic.bytes);
      CHECK(format_of_bytes(start) == format);
      CHECK(format_of_bytes(start.substr(0, magic.offset + magic.bytes.size() - 1)) != format);
    }
  }
  std::string canon("II*\0\x10\0\0\0CR\2", 11);  // a raw file that is a TIFF file, too
  CHECK(format_of_bytes(canon + zeros)->name == "raw");
  canon[8] = 0;
  CHECK(format_of_bytes(canon + zeros)->name == "tiff");
}
