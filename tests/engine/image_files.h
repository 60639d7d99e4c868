// Image files for decoder tests, written by OpenImageIO or byte by byte.
#pragma once

#include <OpenImageIO/imageio.h>
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/check.h"
#include "tests/support.h"

namespace fs = std::filesystem;
using sumi::Error;

namespace picture_files {

using sumi::test::error_of, sumi::test::has, sumi::test::put, sumi::test::TempDir;

template <class T>
void write_raw(const fs::path& path, OIIO::ImageSpec spec, const std::vector<T>& data) {
  auto out = OIIO::ImageOutput::create(path.string());
  REQUIRE(out);
  REQUIRE(out->open(path.string(), spec));
  REQUIRE(out->write_image(OIIO::BaseTypeFromC<T>::value, data.data()));
  REQUIRE(out->close());
}

inline std::uint32_t crc32_of(const std::string& bytes) {
  std::uint32_t crc = ~0U;
  for (const unsigned char b : bytes) {
    crc ^= b;
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}
inline std::string big(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}
inline std::string chunk(const std::string& type, const std::string& data) {
  return big(static_cast<std::uint32_t>(data.size())) + type + data + big(crc32_of(type + data));
}
// A zlib stream with one stored block.
inline std::string stored(const std::string& raw) {
  std::uint32_t a = 1, b = 0;
  for (const unsigned char c : raw) {
    a = (a + c) % 65521;
    b = (b + a) % 65521;
  }
  const auto n = static_cast<std::uint16_t>(raw.size());
  std::string s("\x78\x01\x01", 3);
  s += static_cast<char>(n & 255);
  s += static_cast<char>(n >> 8);
  s += static_cast<char>(~n & 255);
  s += static_cast<char>((~n >> 8) & 255);
  return s + raw + big((b << 16) | a);
}
inline std::string png(std::uint32_t w, std::uint32_t h, char depth, char type, const std::string& extra,
                       const std::string& rows) {
  return std::string("\x89PNG\r\n\x1a\n", 8) +
         chunk("IHDR", big(w) + big(h) + depth + type + std::string(3, '\0')) + extra +
         chunk("IDAT", stored(rows)) + chunk("IEND", "");
}

// 16 x 16 pixels of red, stored inverted as by Adobe; written with libjpeg, because OpenImageIO
// writes no CMYK.
inline constexpr std::string_view kCmykJpeg =
    "ffd8ffee000e41646f626500640000000000ffdb004300020101010101020101010202020202040302020202050404030406"
    "0506060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0affc00014080010001004431100"
    "4d11005911004b1100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b510000201"
    "0303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282"
    "090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778"
    "797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5"
    "d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda000e0443004d0059004b00003f00fdfcafe7febf9ffafd"
    "fca28a28a28a28a28a28afffd9";

inline std::string cmyk_jpeg() {
  std::string bytes;
  for (std::size_t i = 0; i < kCmykJpeg.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(kCmykJpeg.substr(i, 2)), nullptr, 16));
  return bytes;
}

}  // namespace picture_files

using namespace picture_files;
