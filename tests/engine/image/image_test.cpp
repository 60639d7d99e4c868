#include "engine/image/image.h"
#include "engine/image/photo.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "engine/image/image_formats.h"
#include "engine/serialize/file.h"
#include "tests/engine/image_files.h"

using namespace sumi;

namespace {

// A small image with a different value at every pixel.
Image8 gradient(int w, int h, int c = 3) {
  Image8 image(w, h, c);
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      for (int k = 0; k < c; ++k)
        image.at(x, y)[k] = static_cast<std::uint8_t>((x * 13 + y * 29 + k * 71) % 256);
  return image;
}

std::vector<int> values(const Image8& image) {
  return {image.data.begin(), image.data.end()};
}

}  // namespace

TEST_CASE("image: lossless formats read back as they were written, the same bytes each time") {
  const TempDir dir;
  for (const char* name : {"a.png", "b.tif", "c.bmp", "d.tga", "e.ppm", "F.PNG"})
    for (const int channels : {1, 3}) {
      CAPTURE(std::string(name));
      const auto image = gradient(7, 5, channels);
      save_image(dir.path / name, image);
      CHECK(load_image(dir.path / name, {.channels = channels}) == image);
      const auto bytes = read_file(dir.path / name, 1 << 20);
      save_image(dir.path / name, image);
      CHECK(read_file(dir.path / name, 1 << 20) == bytes);
    }
  for (const char* name : {"a.jpg", "b.jpeg", "c.webp"})
    for (const int channels : {1, 3}) {
      CAPTURE(std::string(name));
      Image8 flat(16, 16, channels, 100);
      save_image(dir.path / name, flat);
      for (const int v : values(load_image(dir.path / name, {.channels = channels})))
        CHECK(std::abs(v - 100) <= 3);
    }
  // no temporaries
  CHECK(std::distance(fs::directory_iterator(dir.path), fs::directory_iterator()) == 9);
}

TEST_CASE("image: Photoshop's segments of a JPEG are left out, the image is the same") {
  const TempDir dir;
  save_image(dir.path / "a.jpg", gradient(16, 8, 3));
  const std::string plain = read_file(dir.path / "a.jpg", 1 << 20);
  // A length of 0x7fff in 40 bytes; the second time behind bytes that stand in no segment.
  const std::string segment = std::string("\xff\xed\0\x28", 4) +
                              std::string(
                                  "Photoshop 3.0\0"
                                  "8BIM\4\4\0\0\0\0\x7f\xff\x1c\2",
                                  28) +
                              std::string(10, 'x');
  for (const char* between : {"", "??"}) {
    put(dir.path / "b.jpg", plain.substr(0, 2) + segment + between + segment + plain.substr(2));
    CHECK(load_image(dir.path / "b.jpg") == load_image(dir.path / "a.jpg"));
  }
}

TEST_CASE("image: palette, gray, one bit, 16 bit") {
  const TempDir dir;
  const auto p = dir.path / "x.png";
  put(p, png(2, 1, 8, 3, chunk("PLTE", std::string("\xff\0\0\0\0\xff", 6)), std::string("\0\0\1", 3)));
  CHECK(values(load_image(p)) == std::vector<int>{255, 0, 0, 0, 0, 255});
  put(p, png(2, 1, 8, 3,
             chunk("PLTE", std::string("\xff\0\0\0\0\xff", 6)) + chunk("tRNS", std::string("\xff\0", 2)),
             std::string("\0\0\1", 3)));
  CHECK(values(load_image(p)) == std::vector<int>{255, 0, 0, 255, 255, 255});
  put(p, png(2, 1, 8, 0, "", std::string("\0\x40\x80", 3)));
  CHECK(values(load_image(p)) == std::vector<int>{64, 64, 64, 128, 128, 128});
  CHECK(values(load_image(p, {.channels = 1})) == std::vector<int>{64, 128});
  put(p, png(2, 1, 1, 0, "", std::string("\0\x40", 2)));
  CHECK(values(load_image(p, {.channels = 1})) == std::vector<int>{0, 255});
  put(p, png(2, 1, 16, 0, "", std::string("\0\x80\x80\xff\xff", 5)));
  CHECK(values(load_image(p, {.channels = 1})) == std::vector<int>{128, 255});
  CHECK(values(load_image(p)).size() == 6);
}

TEST_CASE("image: gray of color is luma") {
  const TempDir dir;
  Image8 rgb(3, 1, 3);
  rgb.data = {255, 0, 0, 0, 255, 0, 0, 0, 255};
  save_image(dir.path / "x.png", rgb);
  CHECK(values(load_image(dir.path / "x.png", {.channels = 1})) == std::vector<int>{76, 150, 29});
}

TEST_CASE("image: alpha is flattened on the background, straight or multiplied") {
  const TempDir dir;
  const auto p = dir.path / "x.png";
  // Red at alpha 0, 128, 255; PNG stores straight color.
  put(p, png(3, 1, 8, 6, "", std::string("\0\xff\0\0\0\xff\0\0\x80\xff\0\0\xff", 13)));
  CHECK(values(load_image(p)) == std::vector<int>{255, 255, 255, 255, 127, 127, 255, 0, 0});
  CHECK(values(load_image(p, {.background = 0})) == std::vector<int>{0, 0, 0, 128, 0, 0, 255, 0, 0});
  put(p, png(2, 1, 8, 4, "", std::string("\0\x64\xff\x64\0", 5)));  // gray + alpha
  CHECK(values(load_image(p, {.channels = 1})) == std::vector<int>{100, 255});
  // TIFF stores multiplied color.
  OIIO::ImageSpec spec(1, 1, 4, OIIO::TypeDesc::UINT8);
  write_raw<std::uint8_t>(dir.path / "x.tif", spec, {128, 0, 0, 128});
  CHECK(values(load_image(dir.path / "x.tif")) == std::vector<int>{255, 127, 127});
  // A GIF of two pixels, the second of them transparent.
  put(dir.path / "x.gif",
      std::string("GIF89a\2\0\1\0\x80\0\0\xff\0\0\x09\x09\x09", 19) +
          std::string("\x21\xf9\4\1\0\0\1\0\x2c\0\0\0\0\2\0\1\0\0\2\2\x44\x0a\0\x3b", 24));
  CHECK(values(load_image(dir.path / "x.gif")) == std::vector<int>{255, 0, 0, 255, 255, 255});
}

TEST_CASE("image: with four channels the color is over white, and alpha is kept where it can be") {
  const TempDir dir;
  const auto p = dir.path / "x.png";
  put(p, png(3, 1, 8, 6, "", std::string("\0\xff\0\0\0\xff\0\0\x80\xff\0\0\xff", 13)));
  const Image8 image = load_image(p, {.channels = 4});
  CHECK(values(image) == std::vector<int>{255, 255, 255, 0, 255, 127, 127, 128, 255, 0, 0, 255});
  save_image(p, image);
  CHECK(load_image(p, {.channels = 4}) == image);
  CHECK(load_photo(p).alpha == std::vector<std::uint16_t>{0, 128 * 257, 65535});
  save_image(dir.path / "x.bmp", image);
  CHECK(values(load_image(dir.path / "x.bmp")) == std::vector<int>{255, 255, 255, 255, 127, 127, 255, 0, 0});
  const Image8 sheet = make_sheet({image, Image8(3, 1, 1, 7)}, 2, 1);
  CHECK(sheet.channels == 4);
  CHECK(sheet.at(1, 1)[3] == 0);
  CHECK(sheet.at(0, 0)[3] == 255);
  CHECK(std::vector<int>(sheet.at(5, 1), sheet.at(6, 1)) == std::vector<int>{7, 7, 7, 255});
}

TEST_CASE("image: linear floats get the sRGB curve") {
  const TempDir dir;
  OIIO::ImageSpec spec(2, 1, 3, OIIO::TypeDesc::HALF);
  write_raw<float>(dir.path / "x.exr", spec, {0.2158F, 0.2158F, 0.2158F, 1, 7, 0});
  const auto v = values(load_image(dir.path / "x.exr"));
  CHECK(std::abs(v[0] - 128) <= 1);
  CHECK(std::vector<int>(v.begin() + 3, v.end()) == std::vector<int>{255, 255, 0});
}

TEST_CASE("image: CMYK becomes RGB") {
  const TempDir dir;
  put(dir.path / "x.jpg", cmyk_jpeg());
  CHECK(load_image(dir.path / "x.jpg").height == 16);
  OIIO::ImageSpec spec(16, 16, 4, OIIO::TypeDesc::UINT8);
  spec.channelnames = {"C", "M", "Y", "K"};
  spec.attribute("tiff:ColorSpace", "CMYK");
  std::vector<std::uint8_t> cmyk;
  for (int i = 0; i < 256; ++i) cmyk.insert(cmyk.end(), {0, 255, 255, 0});
  write_raw(dir.path / "x.tif", spec, cmyk);
  for (const auto* name : {"x.jpg", "x.tif"}) {
    const auto image = load_image(dir.path / name);
    for (std::size_t i = 0; i < image.data.size(); ++i)
      CHECK(std::abs(image.data[i] - (i % 3 == 0 ? 255 : 0)) <= 2);
  }
}

TEST_CASE("image: EXIF orientation is applied") {
  const TempDir dir;
  // The upright image is 3 wide, 2 high: 0 1 2 / 3 4 5. How each orientation stores it:
  const std::vector<std::pair<int, std::vector<int>>> stored = {
      {1, {0, 1, 2, 3, 4, 5}}, {2, {2, 1, 0, 5, 4, 3}}, {3, {5, 4, 3, 2, 1, 0}}, {4, {3, 4, 5, 0, 1, 2}},
      {5, {0, 3, 1, 4, 2, 5}}, {6, {2, 5, 1, 4, 0, 3}}, {7, {5, 2, 4, 1, 3, 0}}, {8, {3, 0, 4, 1, 5, 2}}};
  for (const auto& [orientation, order] : stored) {
    CAPTURE(orientation);
    const bool turned = orientation >= 5;
    OIIO::ImageSpec spec(turned ? 2 : 3, turned ? 3 : 2, 1, OIIO::TypeDesc::UINT8);
    spec.attribute("Orientation", orientation);
    std::vector<std::uint8_t> data;
    for (const int v : order) data.push_back(static_cast<std::uint8_t>(v * 50));
    write_raw(dir.path / "x.tif", spec, data);
    const auto image = load_image(dir.path / "x.tif", {.channels = 1});
    CHECK(image.width == 3);
    CHECK(values(image) == std::vector<int>{0, 50, 100, 150, 200, 250});
  }
}

TEST_CASE("image: broken files are errors that name the file") {
  const TempDir dir;
  const auto says = [&](const std::string& name, const std::string& bytes, const LoadOptions& options = {}) {
    put(dir.path / name, bytes);
    const auto message = error_of([&] { load_image(dir.path / name, options); });
    CHECK(has(message, "[image " + (dir.path / name).string() + "]"));
    CHECK(message.find('\n') == std::string::npos);
    return message;
  };
  CHECK(has(says("zero.png", ""), "is empty"));
  CHECK(has(says("text.png", "this is not an image"), "is not an image"));
  CHECK(has(says("text.jpg", "<html>"), "is not an image"));
  CHECK(has(says("a.tga", "short"), "cannot be decoded"));
  CHECK(has(says("b.png", std::string("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16)), "truncated"));
  CHECK(has(error_of([&] { load_image(dir.path / "none.png"); }), "does not exist"));
  CHECK(has(error_of([&] { load_image(dir.path); }), "not a regular file"));
  CHECK(has(error_of([&] { load_image(dir.path / "x", {.channels = 2}); }), "use 1, 3 or 4"));

  for (const char* name : {"c.png", "c.jpg", "c.webp", "c.tif", "c.bmp", "c.ppm"}) {
    CAPTURE(std::string(name));
    Image8 noise(64, 64, 3);
    std::uint32_t state = 1;
    for (auto& v : noise.data) v = static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24);
    save_image(dir.path / name, noise);
    const auto whole = read_file(dir.path / name, 1 << 20);
    CHECK(load_image(dir.path / name).width == 64);
    for (const double part : {0.9, 0.5, 0.1}) {
      const auto message =
          says(name, whole.substr(0, static_cast<std::size_t>(static_cast<double>(whole.size()) * part)));
      CHECK((has(message, "runcated") || has(message, "damaged")));
    }
  }
}

TEST_CASE("image: absurd sizes are refused from the header, the right content under a wrong name is read") {
  const TempDir dir;
  put(dir.path / "huge.png", png(1'000'000, 900'000, 8, 2, "", "x"));
  CHECK(has(error_of([&] { load_image(dir.path / "huge.png"); }), "huge.png"));
  put(dir.path / "large.png", png(20'000, 20'000, 8, 0, "", "x"));
  CHECK(has(error_of([&] { load_image(dir.path / "large.png"); }),
            "20000x20000 pixels, more than the limit of 200"));
  put(dir.path / "lie.png", png(10'000, 10'000, 8, 0, "", "x"));
  CHECK_THROWS_AS(load_image(dir.path / "lie.png"), Error);
  save_image(dir.path / "a.png", gradient(4, 4));
  fs::rename(dir.path / "a.png", dir.path / "a.jpg");
  CHECK(load_image(dir.path / "a.jpg") == gradient(4, 4));
}

TEST_CASE("image: flipped bytes never crash the readers") {
  const TempDir dir;
  for (const char* name : {"a.png", "a.jpg", "a.tif", "a.bmp", "a.ppm"}) {
    save_image(dir.path / name, gradient(16, 16));
    const auto whole = read_file(dir.path / name, 1 << 20);
    for (std::size_t i = 8; i < whole.size(); i += whole.size() / 40 + 1) {
      auto bad = whole;
      bad[i] = static_cast<char>(bad[i] ^ 0x55);
      put(dir.path / "x", bad);
      try {
        load_image(dir.path / "x", {.max_pixels = 1'000'000});
      } catch (const Error&) {
      }
    }
  }
}

TEST_CASE("image: saving fails with one line") {
  const TempDir dir;
  const auto image = gradient(2, 2);
  CHECK(has(error_of([&] { save_image(dir.path / "a.xyz", image); }), "use .png"));
  CHECK(has(error_of([&] { save_image(dir.path / "noext", image); }), "use .png"));
  CHECK(has(error_of([&] { save_image(dir.path / "no" / "a.png", image); }), "create the folder first"));
  CHECK(has(error_of([&] { save_image(dir.path / "a.png", Image8()); }), "no pixels"));
  CHECK(fs::is_empty(dir.path));
}

TEST_CASE("image: a side that the format cannot hold is refused before anything is written") {
  const TempDir dir;
  for (const auto& [name, most] :
       {std::pair{"a.jpg", 65500}, {"a.JPEG", 65500}, {"a.tga", 65535}, {"a.webp", 16383}})
    for (const int channels : {1, 3}) {
      CAPTURE(std::string(name));
      for (const auto& image : {Image8(most + 1, 1, channels), Image8(1, most + 1, channels)}) {
        const auto error = error_of([&] { save_image(dir.path / name, image); });
        CHECK(has(error, "[write " + (dir.path / name).string() + "] "));
        CHECK(has(error, "holds " + std::to_string(most) + " a side; use .png, or a smaller image"));
      }
      CHECK(fs::is_empty(dir.path));
      save_image(dir.path / name, Image8(most, 1, channels));
      CHECK(load_image(dir.path / name).width == most);
      save_image(dir.path / "a.png", Image8(most + 1, 1, channels));  // the cure
      fs::remove(dir.path / name);
      fs::remove(dir.path / "a.png");
    }
}

TEST_CASE("image: what can be written, by the name") {
  for (const char* name :
       {"a.png", "b.JPG", "a.jpeg", "a.webp", "a.tif", "a.TIFF", "a.bmp", "a.tga", "a.ppm"})
    CHECK(has_writable_extension(name));
  for (const char* name : {"a.gif", "png", "a.exr", "a.png.txt", ""})
    CHECK_FALSE(has_writable_extension(name));
}

TEST_CASE("resize: identity, constants, ramps, exact halving") {
  const auto image = gradient(9, 7);
  CHECK(resize_image(image, 9, 7) == image);
  for (const auto filter :
       {Filter::automatic, Filter::box, Filter::bilinear, Filter::bicubic, Filter::lanczos3})
    for (const auto& [w, h] : {std::pair{3, 5}, {20, 31}, {1, 1}, {9, 14}}) {
      const auto flat = resize_image(Image8(9, 7, 3, 77), w, h, filter);
      CHECK(flat.width == w);
      CHECK(flat == Image8(w, h, 3, 77));
    }
  Image8 four(4, 2, 1);
  four.data = {0, 100, 200, 50, 20, 80, 0, 50};
  CHECK(values(resize_image(four, 2, 1, Filter::box)) == std::vector<int>{50, 75});
  Image8 ramp(64, 1, 1);
  for (int x = 0; x < 64; ++x) ramp.at(x, 0)[0] = static_cast<std::uint8_t>(4 * x);
  const auto half = resize_image(ramp, 32, 1);
  for (int x = 4; x < 28; ++x) CHECK(std::abs(half.at(x, 0)[0] - (8 * x + 2)) <= 1);
  CHECK_THROWS_AS(resize_image(ramp, 0, 4), Error);
}

TEST_CASE("resize: fine checks become gray instead of aliasing") {
  Image8 checks(128, 128, 1);
  for (int y = 0; y < 128; ++y)
    for (int x = 0; x < 128; ++x) checks.at(x, y)[0] = (x + y) % 2 ? 255 : 0;
  for (const int v : values(resize_image(checks, 50, 50))) CHECK(std::abs(v - 128) < 12);
}

TEST_CASE("crop, square and sheet") {
  const auto image = gradient(6, 4);
  const auto middle = crop_center(image, 2, 2);
  CHECK(std::memcmp(middle.at(0, 0), image.at(2, 1), 6) == 0);
  CHECK_THROWS_AS(crop_center(image, 7, 1), Error);
  CHECK(square_image(image, 4) == crop_center(image, 4, 4));
  CHECK(square_image(Image8(1, 1000, 1, 5), 8) == Image8(8, 8, 1, 5));

  const auto sheet = make_sheet({Image8(2, 2, 3, 10), Image8(2, 2, 1, 20), Image8(1, 1, 1, 30)}, 2, 1, 255);
  CHECK(sheet.width == 7);
  CHECK(sheet.height == 7);
  CHECK(sheet.channels == 3);
  CHECK(sheet.at(0, 0)[0] == 255);
  CHECK(sheet.at(1, 1)[0] == 10);
  CHECK(sheet.at(4, 1)[2] == 20);
  CHECK(sheet.at(1, 4)[1] == 30);
  CHECK(sheet.at(5, 5)[0] == 255);
  CHECK(make_sheet({64, Image8(3, 3, 1)}).width == 8 * 5 + 2);
  CHECK_THROWS_AS(make_sheet({}), Error);
}
