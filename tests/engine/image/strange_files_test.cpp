// Unusual files: they are read as meant, or rejected by name.
#include <tiffio.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "engine/data/dataset.h"
#include "engine/image/photo.h"
#include "engine/serialize/file.h"
#include "tests/engine/image_files.h"

using namespace sumi;

namespace {

using Levels = std::vector<int>;

std::string little(std::size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

Levels levels(const fs::path& path) {
  Levels out;
  for (const int v : load_photo(path).rgb) out.push_back((v + 128) / 257);
  return out;
}

std::string error_of_photo(const fs::path& path) {
  return error_of([&] { load_photo(path); });
}

// A little-endian TIFF of one strip with exactly these single-value fields: {tag, value}. The
// strip's offset and size are added.
std::string tiff_file(std::vector<std::pair<int, std::size_t>> fields, const std::string& pixels) {
  const std::size_t count = fields.size() + 2, data = 8 + 2 + 12 * count + 4;
  fields.push_back({273, data});
  fields.push_back({279, pixels.size()});
  std::sort(fields.begin(), fields.end());
  std::string file = std::string("II*\0", 4) + little(8, 4) + little(count, 2);
  for (const auto& [tag, value] : fields)
    file += little(static_cast<std::size_t>(tag), 2) + little(4, 2) + little(1, 4) + little(value, 4);
  return file + little(0, 4) + pixels;
}

// A BMP with a header of Windows 3 or 4.
std::string bmp(int width, int height, int bits, int compression, const std::string& behind,
                const std::string& pixels, std::size_t header = 40) {
  std::string info = little(header, 4) + little(static_cast<std::size_t>(width), 4) +
                     little(static_cast<std::size_t>(height), 4) + little(1, 2) +
                     little(static_cast<std::size_t>(bits), 2) +
                     little(static_cast<std::size_t>(compression), 4) + std::string(20, '\0') + behind;
  info.resize(std::max(info.size(), header));
  return "BM" + little(14 + info.size() + pixels.size(), 4) + little(0, 4) + little(14 + info.size(), 4) +
         info + pixels;
}

std::string masks(std::initializer_list<std::size_t> values) {
  std::string text;
  for (const std::size_t v : values) text += little(v, 4);
  return text;
}

}  // namespace

TEST_CASE("strange: TIFF tags that are missing have their defaults, and nothing of the memory is shown") {
  const TempDir dir;
  const fs::path p = dir.path / "x.tif";
  put(p,
      // no BitsPerSample: 1
      tiff_file({{256, 10}, {257, 2}, {262, 1}}, std::string("\xa5\x40\x00\xc0", 4)));
  Levels want;
  for (const int bit : {1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1})
    want.insert(want.end(), 3, 255 * bit);
  CHECK(levels(p) == want);
  CHECK(load_image(p).width == 10);
  for (int& v : want) v = 255 - v;
  // 0 is white
  put(p, tiff_file({{256, 10}, {257, 2}, {262, 0}}, std::string("\xa5\x40\x00\xc0", 4)));
  CHECK(levels(p) == want);
  // no Photometric, no SamplesPerPixel
  put(p, tiff_file({{256, 3}, {257, 1}, {258, 8}}, "\x10\x20\x30"));
  CHECK(levels(p) == Levels{16, 16, 16, 32, 32, 32, 48, 48, 48});
  put(p, tiff_file({{256, 1}, {257, 1}, {258, 8}, {262, 2}, {277, 3}}, "\x10\x20\x30"));
  CHECK(levels(p) == Levels{16, 32, 48});
  for (const auto& cut :
       {tiff_file({{256, 100}, {257, 100}, {258, 8}, {262, 1}}, "abc"),
        tiff_file({{256, 4}, {257, 4}, {258, 8}, {262, 2}, {277, 3}}, std::string(47, 'x')),
        tiff_file({{256, 4}, {257, 4}, {258, 16}, {262, 1}, {278, 2}}, std::string(32, 'x'))}) {
    put(p, cut);
    CHECK(has(error_of_photo(p), "truncated or damaged"));
  }
  put(p, tiff_file({{257, 4}, {258, 8}, {262, 1}}, "abcd"));
  CHECK(has(error_of_photo(p), "x.tif] "));
}

TEST_CASE("strange: TIFF of every depth, in strips and tiles, planes and pixels, both byte orders") {
  const TempDir dir;
  const fs::path p = dir.path / "x.tif";
  for (const char* mode : {"wl", "wb"})
    for (const int bits : {1, 2, 4, 6, 8, 12, 16, 32})
      for (const bool planes : {false, true})
        for (const bool tiles : {false, true}) {
          CAPTURE(std::string(mode));
          CAPTURE(bits);
          CAPTURE(planes);
          CAPTURE(tiles);
          constexpr int kWidth = 21, kHeight = 5;
          const std::uint64_t most = (std::uint64_t{1} << bits) - 1;
          const auto value = [&](int x, int y, int c) {
            return static_cast<std::uint64_t>(x * 7 + y * 3 + c * 5) % (most + 1);
          };
          TIFF* out = TIFFOpen(p.c_str(), mode);
          REQUIRE(out);
          for (const auto& [tag, v] :
               {std::pair{TIFFTAG_IMAGEWIDTH, kWidth},
                {TIFFTAG_IMAGELENGTH, kHeight},
                {TIFFTAG_BITSPERSAMPLE, bits},
                {TIFFTAG_SAMPLESPERPIXEL, 3},
                {TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB},
                {TIFFTAG_COMPRESSION, COMPRESSION_LZW},
                {TIFFTAG_PLANARCONFIG, planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG}})
            TIFFSetField(out, static_cast<std::uint32_t>(tag), v);
          if (tiles) {
            TIFFSetField(out, TIFFTAG_TILEWIDTH, 16);
            TIFFSetField(out, TIFFTAG_TILELENGTH, 16);
          } else {
            TIFFSetField(out, TIFFTAG_ROWSPERSTRIP, 2);
          }
          const int columns = tiles ? 16 : kWidth, rows = tiles ? 16 : 2, samples = planes ? 1 : 3;
          std::uint32_t block = 0;
          for (int c = 0; c < 3; c += samples)
            for (int y = 0; y < kHeight; y += rows)
              for (int x = 0; x < kWidth; x += columns, ++block) {
                std::string data;
                for (int j = y; j < y + rows && (tiles || j < kHeight); ++j) {
                  std::string row(static_cast<std::size_t>((columns * samples * bits + 7) / 8), '\0');
                  std::size_t at = 0;
                  for (int i = x; i < x + columns; ++i)
                    for (int s = c; s < c + samples; ++s) {
                      std::uint64_t v = i < kWidth && j < kHeight ? value(i, j, s) : 0;
                      if (bits >= 16) {  // libtiff turns whole numbers
                        std::memcpy(row.data() + at / 8, &v, static_cast<std::size_t>(bits / 8));
                        at += static_cast<std::size_t>(bits);
                      } else {
                        for (int b = bits - 1; b >= 0; --b, ++at)
                          row[at / 8] = static_cast<char>(row[at / 8] | (v >> b & 1) << (7 - at % 8));
                      }
                    }
                  data += row;
                }
                if (tiles)
                  TIFFWriteEncodedTile(out, block, data.data(), static_cast<tmsize_t>(data.size()));
                else
                  TIFFWriteEncodedStrip(out, block, data.data(), static_cast<tmsize_t>(data.size()));
              }
          TIFFClose(out);
          const Photo photo = load_photo(p);
          REQUIRE(photo.rgb.size() == kWidth * kHeight * 3);
          CHECK(photo.depth == (bits > 8 ? 16 : 8));
          int wrong = 0;
          for (int i = 0; i < kWidth * kHeight * 3; ++i) {
            const double want =
                static_cast<double>(value(i / 3 % kWidth, i / 3 / kWidth, i % 3)) / static_cast<double>(most);
            wrong +=
                std::abs(photo.rgb[static_cast<std::size_t>(i)] - 65535 * want) > (bits > 8 ? 1.0 : 129.0)
                    ? 1
                    : 0;
          }
          CHECK(wrong == 0);
        }
}

TEST_CASE("strange: TIFF samples without a meaning are refused: signed, complex, raw, other inks") {
  const TempDir dir;
  const fs::path p = dir.path / "x.tif";
  const std::string two = std::string("\1\0\2\0", 4);
  put(p, tiff_file({{256, 2}, {257, 1}, {258, 16}, {262, 1}, {339, 2}}, two));
  CHECK(has(error_of_photo(p), "has signed samples"));
  put(p, tiff_file({{256, 1}, {257, 1}, {258, 32}, {262, 1}, {339, 5}}, two));
  CHECK(has(error_of_photo(p), "complex"));
  put(p, tiff_file({{256, 2}, {257, 1}, {258, 16}, {262, 32803}}, two));
  CHECK(has(error_of_photo(p), "camera's raw file"));
  for (const std::string& raw : {std::string("IIRO\x08\0\0\0", 8), std::string("II*\0\x10\0\0\0CR\2\0", 12),
                                 std::string("FUJIFILMCCD-RAW 0201"),
                                 std::string("\0\0\0\x18"
                                             "ftypcrx \0\0\0\1",
                                             16),
                                 std::string("IIU\0\x18\0\0\0", 8)}) {
    put(dir.path / "raw.jpg", raw);
    CHECK(has(error_of_photo(dir.path / "raw.jpg"), "camera's raw file"));
  }
}

TEST_CASE("strange: floats outside 0 to 1: most of them refused, some said") {
  const TempDir dir;
  const auto write = [&](const std::vector<float>& v) {
    write_raw(dir.path / "x.tif", OIIO::ImageSpec(static_cast<int>(v.size()), 1, 1, OIIO::TypeDesc::FLOAT),
              v);
  };
  write({0, 0.5F, 1, 0.25F});
  CHECK(levels(dir.path / "x.tif") == Levels{0, 0, 0, 128, 128, 128, 255, 255, 255, 64, 64, 64});
  CHECK(load_photo(dir.path / "x.tif").remark.empty());
  write({0, 80, 255, 1});
  CHECK(has(load_photo(dir.path / "x.tif").remark, "50 % of its float samples lie outside 0 to 1"));
  write({7, 80, 255, 1, NAN});
  CHECK(has(error_of_photo(dir.path / "x.tif"),
            "has float samples from 0 to 255, but 0 is taken for black and 1 for white"));
  write_raw(dir.path / "x.exr", OIIO::ImageSpec(2, 1, 1, OIIO::TypeDesc::FLOAT),
            std::vector<float>{900, 1200});
  CHECK(has(error_of_photo(dir.path / "x.exr"), "scale it to 0 to 1"));
}

TEST_CASE("strange: pages and frames that are left out are told, in images and in a training set") {
  const TempDir dir;
  TIFF* out = TIFFOpen((dir.path / "x.tif").c_str(), "w");
  for (int page = 0; page < 4; ++page) {
    if (page == 0) TIFFSetField(out, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);  // a thumbnail
    for (const auto& [tag, v] : {std::pair{TIFFTAG_IMAGEWIDTH, 2},
                                 {TIFFTAG_IMAGELENGTH, 1},
                                 {TIFFTAG_BITSPERSAMPLE, 8},
                                 {TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK},
                                 {TIFFTAG_ROWSPERSTRIP, 1}})
      TIFFSetField(out, static_cast<std::uint32_t>(tag), v);
    std::string row(2, static_cast<char>(10 * page));
    TIFFWriteScanline(out, row.data(), 0, 0);
    TIFFWriteDirectory(out);
  }
  TIFFClose(out);
  CHECK(load_photo(dir.path / "x.tif").remark == "holds 3 pages, of which the first was taken");
  CHECK(levels(dir.path / "x.tif")[0] == 10);
  const std::string frame("\x2c\0\0\0\0\2\0\1\0\0\2\2\x44\x0a\0", 15);
  put(dir.path / "x.gif",
      std::string("GIF89a\2\0\1\0\x80\0\0\xff\0\0\x09\x09\x09", 19) + frame + frame + ";");
  std::string remark;
  load_image(dir.path / "x.gif", {}, &remark);
  CHECK(remark == "holds 2 frames, of which the first was taken");
  fs::create_directory(dir.path / "set");
  for (const char* name : {"set/1.gif", "set/2.gif"}) fs::copy(dir.path / "x.gif", dir.path / name);
  save_image(dir.path / "set/3.png", Image8(2, 2, 3, 9));
  DatasetSpec spec;
  spec.data = dir.path / "set";
  spec.size = 2;
  spec.cache_dir = dir.path / "cache";
  std::vector<std::string> warnings;
  DatasetEvents events;
  events.warn = [&](const std::string& line) { warnings.push_back(line); };
  CHECK(Dataset::open(spec, events).count() == 3);
  CHECK(warnings ==
        std::vector<std::string>{"2 images were read in part or not quite as they are, e.g. 1.gif holds 2 "
                                 "frames, of which the first was taken"});
  put(dir.path / "x.png", png(1, 1, 8, 0, chunk("acTL", big(7) + big(0)), std::string("\0\x40", 2)));
  CHECK(load_photo(dir.path / "x.png").remark == "holds 7 frames, of which the first was taken");
}

TEST_CASE("strange: BMP: the unused byte is no alpha, masks are followed, alpha is straight") {
  const TempDir dir;
  const fs::path p = dir.path / "x.bmp";
  for (const char* fourth : {"\0", "\x7f"}) {
    put(p, bmp(2, 1, 32, 0, "",
               std::string("\x10\x20\x30", 3) + fourth[0] + std::string("\x40\x50\x60", 3) + fourth[0]));
    CHECK(levels(p) == Levels{48, 32, 16, 96, 80, 64});
    CHECK(load_photo(p).alpha.empty());
    CHECK(load_image(p).data == std::vector<std::uint8_t>{48, 32, 16, 96, 80, 64});
  }
  put(p, bmp(2, 1, 16, 0, "", std::string("\xff\xff\x1f\0", 4)));  // 5-5-5
  CHECK(levels(p) == Levels{255, 255, 255, 0, 0, 255});
  // 5-6-5
  put(p, bmp(2, 1, 16, 3, masks({0xf800, 0x7e0, 0x1f}), std::string("\xe0\x07\0\xf8", 4)));
  CHECK(levels(p) == Levels{0, 255, 0, 255, 0, 0});
  put(p, bmp(1, 1, 32, 3, masks({0xff, 0xff00, 0xff0000}), std::string("\x10\x20\x30\0", 4)));
  CHECK(levels(p) == Levels{16, 32, 48});
  const std::string argb = masks({0xff0000, 0xff00, 0xff, 0xff000000});
  put(p, bmp(2, 1, 32, 3, argb, std::string("\0\0\xff\x80\0\0\xff\xff", 8), 108));
  CHECK(levels(p) == Levels{255, 127, 127, 255, 0, 0});
  CHECK(load_photo(p).alpha == std::vector<std::uint16_t>{128 * 257, 65535});
  // alpha that is nowhere more than 0
  put(p, bmp(1, 1, 32, 3, argb, std::string("\0\0\xff\0", 4), 108));
  CHECK(levels(p) == Levels{255, 0, 0});
  put(p, bmp(2, -2, 24, 0, "",
             std::string("\1\2\3\4\5\6\0\0\7\x08\x09\x0a\x0b\x0c",
                         14)));  // from the top; the last padding is missing
  CHECK(levels(p) == Levels{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10});
  const std::string palette("\0\0\xff\0\0\xff\0\0", 8);
  // runs
  put(p, bmp(3, 1, 8, 1, palette + std::string(254 * 4, '\0'), std::string("\2\1\1\0\0\1", 6)));
  CHECK(levels(p) == Levels{0, 255, 0, 0, 255, 0, 255, 0, 0});
  put(p, bmp(9, 1, 1, 0, palette, std::string("\x80\x80\0\0", 4)));
  CHECK(levels(p)[0] == 0);
  CHECK(levels(p)[24] == 0);
  CHECK(levels(p)[3] == 255);
  put(p, bmp(2, 2, 24, 0, "", "too short"));
  CHECK(has(error_of_photo(p), "truncated or damaged"));
  put(p, bmp(2, 2, 24, 4, "", "JPEG"));
  CHECK(has(error_of_photo(p), "save it as PNG"));
}

TEST_CASE("strange: TGA: the fourth channel is what the header and the extension say of it") {
  const TempDir dir;
  const fs::path p = dir.path / "x.tga";
  // Blue, green, red and the fourth channel of one pixel; the extension's attribute type stands at
  // its end.
  const auto tga = [&](int attribute_bits, int extension, const std::string& pixel) {
    const std::string file = std::string("\0\0\2\0\0\0\0\0\0\0\0\0\1\0\1\0\x20", 17) +
                             static_cast<char>(attribute_bits | 32) + pixel;
    if (extension < 0) return file;
    return file + little(495, 2) + std::string(492, '\0') + static_cast<char>(extension) +
           little(file.size(), 4) + little(0, 4) + std::string("TRUEVISION-XFILE.\0", 18);
  };
  put(p, tga(0, -1, std::string("\x10\x20\x30\0", 4)));
  CHECK(levels(p) == Levels{48, 32, 16});
  CHECK(load_photo(p).alpha.empty());
  CHECK(load_image(p).data == std::vector<std::uint8_t>{48, 32, 16});
  put(p, tga(8, 0, std::string("\x10\x20\x30\0", 4)));
  CHECK(levels(p) == Levels{48, 32, 16});
  for (const int extension : {-1, 3}) {
    put(p, tga(8, extension, std::string("\0\0\xff\x80", 4)));
    CHECK(levels(p) == Levels{255, 127, 127});
  }
  put(p, tga(8, 4, std::string("\0\0\x80\x80", 4)));  // multiplied
  CHECK(levels(p) == Levels{255, 127, 127});
}

TEST_CASE("strange: a JPEG without its end mark is read; of one that is cut the missing part is told") {
  const TempDir dir;
  const fs::path p = dir.path / "x.jpg";
  Image8 noise(16, 800, 3);
  std::uint32_t state = 1;
  for (auto& v : noise.data) v = static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24);
  save_image(p, noise);
  const std::string whole = read_file(p, 1 << 20);
  const Photo before = load_photo(p);
  CHECK(before.remark.empty());
  put(p, whole.substr(0, whole.size() - 2));
  CHECK(load_photo(p).rgb == before.rgb);
  CHECK(load_photo(p).remark == "lacks its end mark, but no pixels");
  put(p, whole + "trailing bytes");
  CHECK(load_photo(p).rgb == before.rgb);
  CHECK(load_photo(p).remark.empty());
  put(p, whole.substr(0, whole.size() / 2));
  const std::string error = error_of_photo(p);
  CHECK((has(error, "is truncated: the lower 4") || has(error, "is truncated: the lower 5")));
}
