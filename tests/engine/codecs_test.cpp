#include "engine/io/codecs.h"

#include <doctest/doctest.h>
#include <lcms2.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "engine/file.h"
#include "engine/io/direct/exif.h"
#include "engine/io/direct/jpeg_file.h"
#include "engine/io/direct/png_file.h"
#include "engine/io/image.h"
#include "tests/engine/picture_files.h"

using namespace sumi;

namespace {

constexpr std::uint64_t kMost = 1 << 24;

Image8 noise(int w, int h, int channels) {
  Image8 image(w, h, channels);
  std::uint32_t state = 1;
  for (auto& level : image.data)
    level = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return image;
}

// All that is known of a decoded file, in one string.
std::string described(const io::Decoded& d) {
  std::string all;
  for (const int v : {d.width, d.height, d.channels, d.depth, d.alpha, int{d.alpha >= 0 && d.straight},
                      int{d.linear}, int{d.cmyk}, d.orientation})
    all += std::to_string(v) + ' ';
  const std::size_t bytes = d.pixels() * static_cast<std::size_t>(d.channels) * (d.depth == 16 ? 2 : 1);
  return all + d.profile + '|' + std::string(reinterpret_cast<const char*>(d.data.get()), bytes);
}

// What decoding with `decode` gives, or the error.
template <class Decode>
std::string outcome(const Decode& decode) {
  try {
    return described(decode());
  } catch (const std::exception& error) {
    return error.what();
  }
}

// Whether a file is read without the module, for which it must be read as the module reads it.
bool is_direct(const fs::path& path, const io::DecodeOptions& options) {
  const std::string file = read_file(path, kMost);
  const bool is_png = file.starts_with("\x89PNG");
  const auto direct = is_png ? io::decode_png("x", file, options) : io::decode_jpeg("x", file, options);
  if (!direct) return false;
  CHECK(described(*direct) == outcome([&] { return io::codecs().decode(path, options); }));
  return true;
}
bool is_direct(const fs::path& path) {
  const bool as_training = is_direct(path, {.profile = true});
  CHECK(is_direct(path, {.deep = true, .profile = true}) == as_training);
  return as_training;
}

std::string srgb_profile() {
  const cmsHPROFILE profile = cmsCreate_sRGBProfile();
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  std::string bytes(size, '\0');
  REQUIRE(cmsSaveProfileToMem(profile, bytes.data(), &size));
  cmsCloseProfile(profile);
  return bytes;
}

OIIO::ImageSpec spec_of(const Image8& image) {
  return {image.width, image.height, image.channels, OIIO::TypeDesc::UINT8};
}

// Little-endian EXIF data with one entry.
std::string exif_of(int tag, int type, int count, int value) {
  std::string s = std::string("II*\0\x08\0\0\0\1\0", 10);
  for (const int v : {tag, type}) s += {static_cast<char>(v & 255), static_cast<char>(v >> 8)};
  s += {static_cast<char>(count), 0, 0, 0, static_cast<char>(value), 0, 0, 0};
  return s + std::string(4, '\0');
}
std::string segment(char marker, const std::string& body) {
  const auto size = body.size() + 2;
  return std::string("\xff") + marker + static_cast<char>(size >> 8) + static_cast<char>(size & 255) + body;
}

}  // namespace

TEST_CASE("codecs: PNG of every kind is read without the module as the module reads it") {
  const TempDir dir;
  const auto p = dir.path / "x.png";
  const auto read = [&](char depth, char type, const std::string& extra, const std::string& rows) {
    put(p, png(2, 1, depth, type, extra, rows));
    return is_direct(p);
  };
  const std::string palette = chunk("PLTE", std::string("\xff\0\0\0\0\xff", 6));
  CHECK(read(8, 3, palette, std::string("\0\0\1", 3)));
  CHECK(read(8, 3, palette + chunk("tRNS", std::string("\x80\0", 2)), std::string("\0\0\1", 3)));
  CHECK(read(1, 0, "", std::string("\0\x80", 2)));
  CHECK(read(4, 0, chunk("tRNS", std::string("\0\3", 2)), std::string("\0\x37", 2)));
  CHECK(read(16, 0, "", std::string("\0\1\2\x80\x81", 5)));
  CHECK(read(8, 4, "", std::string("\0\1\2\3\4", 5)));
  CHECK(read(16, 6, chunk("gAMA", std::string("\0\1\x86\xa0", 4)), std::string("\0abcdefghABCDEFGH", 17)));
  CHECK(read(16, 2, chunk("tRNS", "abcdef"), std::string("\0abcdefABCDEF", 13)));
  // What may say more than libpng reads belongs to the module.
  CHECK(!read(8, 0, chunk("tEXt", std::string("Raw profile type exif\0x", 23)), std::string("\0\1\2", 3)));
  CHECK(!read(8, 0, chunk("acTL", std::string("\0\0\0\1\0\0\0\0", 8)), std::string("\0\1\2", 3)));
  for (const int channels : {1, 3}) {
    save_image(p, noise(33, 17, channels));
    CHECK(is_direct(p));
  }
  for (const char* name : {"rgb.png", "rgba.png", "grey.png", "rgba16.png"})
    CHECK(is_direct(fs::path(std::getenv("SUMI_SOURCE_DIR")) / "tests/fuzz/corpus/picture" / name));
}

TEST_CASE("codecs: JPEG of gray and color is read without the module as the module reads it") {
  const TempDir dir;
  const auto p = dir.path / "x.jpg";
  for (const int channels : {1, 3})
    for (const int quality : {30, 95}) {  // halved and whole color
      save_image(p, noise(37, 21, channels), quality);
      CHECK(is_direct(p));
    }
  const Image8 image = noise(40, 24, 3);
  OIIO::ImageSpec spec = spec_of(image);
  spec["jpeg:progressive"] = 1;
  spec["Orientation"] = 6;
  write_raw(p, spec, image.data);
  CHECK(is_direct(p));
  CHECK(io::decode_picture(p, {}).orientation == 6);
  const std::string plain = read_file(p, kMost);
  const auto with = [&](const std::string& segments) {
    put(p, plain.substr(0, 2) + segments + plain.substr(2));
    return is_direct(p);
  };
  const std::string xmp = std::string("http://ns.adobe.com/xap/1.0/") + '\0';
  CHECK(with(segment('\xe1', xmp + "<x/>")));
  CHECK(!with(segment('\xe1', xmp + "<rdf:Description tiff:Orientation=\"8\"/>")));
  CHECK(!with(segment('\xe1', "Exif" + std::string(2, '\0') + exif_of(0x112, 3, 1, 8))));  // a second block
  CHECK(with(segment('\xed', std::string("Photoshop 3.0\0"
                                         "8BIM\4\4\0\0\0\0\x7f\xff",
                                         26))));
  put(p, plain.substr(0, plain.size() - 40));  // truncated
  CHECK(!is_direct(p));
  put(p, cmyk_jpeg());
  CHECK(!is_direct(p));
}

TEST_CASE("codecs: a profile is taken along without the module as the module does it") {
  const TempDir dir;
  const Image8 image = noise(8, 8, 3);
  const std::string profile = srgb_profile();
  OIIO::ImageSpec spec = spec_of(image);
  spec.attribute("ICCProfile", OIIO::TypeDesc(OIIO::TypeDesc::UINT8, static_cast<int>(profile.size())),
                 profile.data());
  for (const char* name : {"a.png", "a.jpg"}) {
    write_raw(dir.path / name, spec, image.data);
    CHECK(is_direct(dir.path / name));
    CHECK(io::decode_picture(dir.path / name, {.profile = true}).profile == profile);
  }
}

TEST_CASE("codecs: a damaged PNG or JPEG gives what the module alone gives") {
  const TempDir dir;
  save_image(dir.path / "a.png", noise(9, 7, 3));
  save_image(dir.path / "a.jpg", noise(24, 16, 3), 80);
  for (const char* name : {"a.png", "a.jpg"}) {
    const auto whole = read_file(dir.path / name, kMost);
    const auto p = dir.path / (std::string("b") + name);
    for (std::size_t i = 0; i < whole.size(); i += 1 + whole.size() / 150) {
      auto bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
      put(p, bytes);
      CAPTURE(i);
      const std::string direct = outcome([&] { return io::decode_picture(p, {.profile = true}); });
      const std::string library = outcome([&] { return io::codecs().decode(p, {.profile = true}); });
      const std::string complaint = "[picture " + p.string() + "]";
      CHECK((direct == library || (direct.starts_with(complaint) && library.starts_with(complaint))));
    }
  }
  // Right checksums, wrong data: libpng's words, in ours.
  const std::string short_row = png(2, 1, 8, 0, "", std::string("\0\1", 2));
  CHECK(error_of([&] { io::decode_png("x", short_row, {}); }).starts_with("[x] cannot be decoded: "));
}

TEST_CASE("codecs: PNG and JPEG are written without the module with the samples that the module writes") {
  const TempDir dir;
  const auto direct = dir.path / "direct", library = dir.path / "library";
  const Image8 image = noise(30, 22, 3);  // its bytes also serve as 1, 2 or 4 channels, or as 16 bits
  for (const int channels : {1, 2, 3, 4})
    for (const int depth : {8, 16}) {
      const io::Samples samples{15, 5, channels, depth, image.data.data()};
      put(direct, *io::encode_png(samples));
      put(library, io::codecs().encode("x.png", samples, 90));
      CHECK(described(io::codecs().decode(direct, {.deep = true})) ==
            described(io::codecs().decode(library, {.deep = true})));
    }
  for (const int channels : {1, 3})
    for (const int quality : {1, 60, 89, 90, 100}) {
      const io::Samples samples{30, 22, channels, 8, image.data.data()};
      put(direct, *io::encode_jpeg(samples, quality));
      put(library, io::codecs().encode("x.jpg", samples, quality));
      CHECK(described(io::codecs().decode(direct, {})) == described(io::codecs().decode(library, {})));
    }
}

TEST_CASE("codecs: errors of the module are sumi's errors, from any thread") {
  const TempDir dir;
  put(dir.path / "x.tif", std::string("II*\0\x08\0\0\0\0\0", 10));
  std::vector<std::string> messages(4);
  std::vector<std::thread> threads;
  for (auto& message : messages)
    threads.emplace_back([&] {
      try {
        load_image(dir.path / "x.tif");
      } catch (const Error& error) {
        message = error.what();
      }
    });
  for (auto& thread : threads) thread.join();
  for (const auto& message : messages) CHECK(has(message, "x.tif"));
}

TEST_CASE("codecs: an orientation is taken from EXIF data of the usual form only") {
  CHECK(io::exif_orientation(exif_of(0x112, 3, 1, 7)) == 7);
  CHECK(io::exif_orientation(std::string("MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\5\0\0\0\0\0\0", 26)) == 5);
  CHECK(io::exif_orientation(exif_of(0x10f, 3, 1, 7)) == 1);
  for (const std::string& odd :
       {exif_of(0x112, 4, 1, 7), exif_of(0x112, 3, 2, 7), exif_of(0x112, 3, 1, 9), exif_of(0x112, 3, 1, 0),
        std::string("II*\0\xff\xff\xff\xff", 8), std::string("II"),
        std::string("II*\0\x08\0\0\0\xff\xff", 10), std::string("XX*\0\x08\0\0\0", 8)})
    CHECK(!io::exif_orientation(odd));
}
