#include "engine/image/codecs.h"

#include <doctest/doctest.h>
#include <lcms2.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "engine/image/codecs_direct/jpeg.h"
#include "engine/image/codecs_direct/jpeg_out.h"
#include "engine/image/codecs_direct/png.h"
#include "engine/image/image.h"
#include "engine/serialize/file.h"
#include "tests/engine/image_files.h"

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

// A decoded file's properties in one string; its orientation is read elsewhere.
std::string described(const io::Decoded& d) {
  std::string all;
  for (const int v : {d.width, d.height, d.channels, d.depth, d.alpha, int{d.alpha >= 0 && d.straight},
                      int{d.linear}, int{d.cmyk}})
    all += std::to_string(v) + ' ';
  const std::size_t bytes = d.pixels() * static_cast<std::size_t>(d.channels) * (d.depth == 16 ? 2 : 1);
  return all + d.profile + '|' + std::string(reinterpret_cast<const char*>(d.data.get()), bytes);
}

// The result of decoding with `decode`, or the error.
template <class Decode>
std::string outcome(const Decode& decode) {
  try {
    return described(decode());
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string direct(const fs::path& path, const io::DecodeOptions& options) {
  const bool is_png = read_file(path, kMost).starts_with("\x89PNG");
  return outcome([&] { return is_png ? io::decode_png(path, options) : io::decode_jpeg(path, options); });
}
std::string by_module(const fs::path& path, const io::DecodeOptions& options) {
  const bool is_png = read_file(path, kMost).starts_with("\x89PNG");
  return outcome([&] { return io::codecs().decode(path, is_png ? "png" : "jpeg", options); });
}
// Returns true if the file is read, with the same result as OpenImageIO.
bool same(const fs::path& path) {
  bool all = true;
  for (const bool deep : {false, true}) {
    const std::string mine = direct(path, {.deep = deep, .profile = true});
    all = all && mine[0] != '[' && mine == by_module(path, {.deep = deep, .profile = true});
  }
  return all;
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

}  // namespace

TEST_CASE("codecs: PNG of every kind is read without the module as the module reads it") {
  const TempDir dir;
  const auto p = dir.path / "x.png";
  const auto read = [&](char depth, char type, const std::string& extra, const std::string& rows) {
    put(p, png(2, 1, depth, type, extra, rows));
    return same(p);
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
  for (const int channels : {1, 3}) {
    save_image(p, noise(33, 17, channels));
    CHECK(same(p));
  }
  for (const char* name : {"rgb.png", "rgba.png", "grey.png", "rgba16.png"})
    CHECK(same(fs::path(std::getenv("SUMI_SOURCE_DIR")) / "tests/fuzz/corpus/image" / name));
}

TEST_CASE("codecs: JPEG of gray and color is read without the module as the module reads it") {
  const TempDir dir;
  const auto p = dir.path / "x.jpg";
  for (const int channels : {1, 3})
    for (const int quality : {30, 95}) {  // halved and whole color
      save_image(p, noise(37, 21, channels), quality);
      CHECK(same(p));
    }
  const Image8 image = noise(40, 24, 3);
  OIIO::ImageSpec spec = spec_of(image);
  spec["jpeg:progressive"] = 1;
  write_raw(p, spec, image.data);
  CHECK(same(p));
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
    CHECK(same(dir.path / name));
    CHECK(io::decode_image(dir.path / name, {.profile = true}).profile == profile);
  }
}

TEST_CASE("codecs: a damaged PNG gives the samples that OpenImageIO gives, or an error as it does") {
  const TempDir dir;
  const auto p = dir.path / "a.png";
  save_image(p, noise(9, 7, 3));
  const auto whole = read_file(p, kMost);
  for (std::size_t i = 8; i < whole.size(); i += 1 + whole.size() / 150) {
    auto bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
    put(p, bytes);
    CAPTURE(i);
    std::string mine, library;
    try {
      io::decode_image(p, {});  // which verifies the checksums
      mine = direct(p, {});
      library = by_module(p, {});
      CHECK(mine == library);
    } catch (const Error& error) {
      CHECK(has(error.what(), "a.png"));
    }
  }
  // Correct checksums, wrong data: libpng's message in ours.
  put(p, png(2, 1, 8, 0, "", std::string("\0\1", 2)));
  CHECK(has(error_of([&] { io::decode_image(p, {}); }), "a.png] cannot be decoded: "));
}

TEST_CASE("codecs: PNG and JPEG are written without the module with the samples that the module writes") {
  const TempDir dir;
  const auto mine = dir.path / "direct", library = dir.path / "library";
  // its bytes also serve as 1, 2 or 4 channels, or as 16 bits
  const Image8 image = noise(30, 22, 3);
  for (const int channels : {1, 2, 3, 4})
    for (const int depth : {8, 16}) {
      const io::Samples samples{15, 5, channels, depth, image.data.data()};
      put(mine, *io::encode_png(samples));
      put(library, io::codecs().encode("x.png", samples, 90));
      CHECK(described(io::codecs().decode(mine, "png", {.deep = true})) ==
            described(io::codecs().decode(library, "png", {.deep = true})));
    }
  for (const int channels : {1, 3})
    for (const int quality : {1, 60, 89, 90, 100}) {
      const io::Samples samples{30, 22, channels, 8, image.data.data()};
      put(mine, *io::encode_jpeg(samples, quality));
      put(library, io::codecs().encode("x.jpg", samples, quality));
      CHECK(described(io::codecs().decode(mine, "jpeg", {})) ==
            described(io::codecs().decode(library, "jpeg", {})));
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
