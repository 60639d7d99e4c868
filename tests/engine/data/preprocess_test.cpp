// Preprocessing, crops, and packs of images of different sizes.
#include <algorithm>
#include <set>

#include "engine/data/pack.h"
#include "engine/serialize/file.h"
#include "tests/engine/dataset_fixture.h"

namespace {

Image8 pattern(int w, int h) {
  Image8 image(w, h, 3);
  for (std::size_t k = 0; k < image.data.size(); ++k)
    image.data[k] = static_cast<std::uint8_t>((k * 37 + k * k / 5) % 256);
  return image;
}

// A single pixel, a tall strip, a wide one, and sides that are not multiples of 4.
struct Odd : Fixture {
  std::vector<Image8> pictures{pattern(1, 1), pattern(3, 50), pattern(61, 2), pattern(30, 22),
                               pattern(16, 26)};
  Odd() : Fixture(0) {
    fs::create_directories(spec.data);
    for (std::size_t i = 0; i < pictures.size(); ++i)
      save_image(spec.data / (std::to_string(i) + ".png"), pictures[i]);
    spec.load_size = 20;
    spec.crop_size = 12;
    spec.batch_size = 1;
  }
};

using Sizes = std::vector<std::pair<int, int>>;  // width, height

Sizes sizes_of(const Dataset& data) {
  Sizes sizes;
  for (std::int64_t i = 0; i < data.count(); ++i) sizes.emplace_back(data.width(i), data.height(i));
  return sizes;
}

// The crop of the named image that `batch` equals exactly, and whether it is mirrored.
struct Found {
  int left = -1, top = -1;
  bool mirrored = false;
};

Found find(const Batch& batch, const Dataset& data) {
  const auto item = batch.items[0];
  const int w = data.width(item), h = data.height(item), bw = static_cast<int>(batch.w);
  for (const bool mirrored : {false, true})
    for (int top = 0; top + batch.h <= h; ++top)
      for (int left = 0; left + batch.w <= w; ++left) {
        bool same = true;
        for (int y = 0; y < batch.h && same; ++y)
          for (int x = 0; x < bw && same; ++x)
            for (int c = 0; c < 3 && same; ++c) {
              const int column = left + (mirrored ? bw - 1 - x : x);
              const auto value = data.item(item)[((top + y) * w + column) * 3 + c];
              same = batch.data[static_cast<std::size_t>((y * bw + x) * 3 + c)] ==
                     static_cast<float>(value / 127.5 - 1);
            }
        if (same) return {left, top, mirrored};
      }
  return {};
}

}  // namespace

TEST_CASE("preprocess: sizes and pixels of every mode, for images of odd sizes") {
  const std::vector<std::pair<Preprocess, Sizes>> expected{
      {Preprocess::square, Sizes(5, {8, 8})},
      {Preprocess::resize_and_crop, Sizes(5, {20, 20})},
      {Preprocess::crop, {{12, 12}, {12, 200}, {366, 12}, {30, 22}, {16, 26}}},
      {Preprocess::scale_width, {{20, 20}, {20, 332}, {20, 12}, {20, 16}, {20, 32}}},
      {Preprocess::scale_width_and_crop, {{20, 20}, {20, 332}, {20, 12}, {20, 16}, {20, 32}}},
      {Preprocess::none, {{4, 4}, {4, 48}, {60, 4}, {32, 24}, {16, 24}}}};
  Odd f;
  std::set<std::uint64_t> keys;
  for (const auto& [mode, sizes] : expected) {
    CAPTURE(static_cast<int>(mode));
    f.spec.preprocess = mode;
    const auto first = open(f.spec);
    CHECK(first.warnings.empty());
    CHECK(first.data.decoded() == 5);
    const auto data = open(f.spec).data;
    CHECK(data.decoded() == 0);
    CHECK(data.key() == first.data.key());
    CHECK(pixels_of(data) == pixels_of(first.data));
    keys.insert(data.key());
    CHECK(sizes_of(data) == sizes);
    for (std::int64_t i = 0; i < 5; ++i) {
      const auto& picture = f.pictures[static_cast<std::size_t>(i)];
      const auto want = mode == Preprocess::square
                            ? square_image(picture, 8)
                            : resize_image(picture, data.width(i), data.height(i), Filter::bicubic);
      REQUIRE(data.item_bytes(i) == static_cast<std::int64_t>(want.data.size()));
      CHECK(std::equal(want.data.begin(), want.data.end(), data.item(i)));
    }
    CHECK_THROWS_AS(data.width(5), Error);
    CHECK_THROWS_AS(data.height(-1), Error);
  }
  CHECK(keys.size() == expected.size());
  f.spec.load_size = 24;  // the last mode does not use it, but it is part of the key
  CHECK(keys.count(open(f.spec).data.key()) == 0);
}

TEST_CASE("preprocess: crops fit though they are no multiple of 4, and idx files take part") {
  Odd f;
  f.spec.preprocess = Preprocess::scale_width_and_crop;
  f.spec.load_size = f.spec.crop_size = 17;
  const auto data = open(f.spec).data;
  CHECK(sizes_of(data)[2] == std::pair{17, 17});
  BatchLoader loader({data}, f.spec);
  for (int k = 0; k < 10; ++k) CHECK(loader.next()[0].data.size() == 17 * 17 * 3);
  put(f.dir.path / "a.idx", idx_bytes(0x803, 3, 5, 10, 150));
  f.spec.data = f.dir.path / "a.idx";
  f.spec.channels = 1;
  f.spec.preprocess = Preprocess::none;
  CHECK(sizes_of(open(f.spec).data) == Sizes(3, {8, 4}));
}

TEST_CASE("preprocess: bicubic is Pillow's, but for one level of rounding") {
  Image8 image(11, 7, 1);
  for (int y = 0; y < 7; ++y)
    for (int x = 0; x < 11; ++x)
      *image.at(x, y) = static_cast<std::uint8_t>((x * x * 37 + y * 91 + x * y * 13) % 256);
  const auto near = [&](int w, int h, const std::vector<int>& want) {
    const auto got = resize_image(image, w, h, Filter::bicubic);
    REQUIRE(got.data.size() == want.size());
    for (std::size_t i = 0; i < want.size(); ++i) CHECK(std::abs(got.data[i] - want[i]) <= 1);
  };
  near(4, 4, {75, 127, 107, 107, 150, 159, 138, 80, 137, 139, 130, 150, 119, 120, 106, 165});
  near(5, 9, {37,  100, 100, 44,  142, 68,  133, 143, 109, 101, 151, 124, 166, 156, 84,
              189, 130, 154, 139, 77,  83,  235, 131, 74,  44,  134, 127, 110, 167, 183,
              149, 137, 117, 148, 194, 122, 154, 111, 108, 164, 88,  109, 83,  118, 170});
}

TEST_CASE("preprocess: crops and mirrors vary, come again, and lie inside the image") {
  Odd f;
  for (const auto mode : {Preprocess::resize_and_crop, Preprocess::crop, Preprocess::scale_width_and_crop}) {
    CAPTURE(static_cast<int>(mode));
    f.spec.preprocess = mode;
    const auto data = open(f.spec).data;
    BatchLoader loader({data}, f.spec), again({data}, f.spec);
    std::set<std::pair<int, int>> places;
    int mirrored = 0, lefts = 0, tops = 0;
    for (int k = 0; k < 150; ++k) {
      const auto batch = loader.next()[0];
      REQUIRE(batch.h == 12);
      REQUIRE(batch.w == 12);
      CHECK(batch.data == again.next()[0].data);
      if (batch.items[0] == 0) continue;  // gray all over: every place is the same
      const auto found = find(batch, data);
      REQUIRE(found.left >= 0);
      mirrored += found.mirrored;
      const auto item = batch.items[0];
      lefts += found.left == data.width(item) - 12;  // the last place can be reached
      tops += found.top == data.height(item) - 12;
      places.insert({found.left, found.top});
    }
    CHECK(mirrored > 35);
    CHECK(mirrored < 85);
    CHECK(places.size() > 40);
    CHECK(lefts > 0);
    CHECK(tops > 0);
  }
  const auto data = open(f.spec).data;
  auto other = f.spec;
  other.flip = false;
  BatchLoader plain({data}, other), mirrors({data}, f.spec);
  for (int k = 0; k < 30; ++k) {
    const auto a = plain.next()[0], b = mirrors.next()[0];
    REQUIRE(a.items == b.items);
    if (a.items[0] == 0) continue;
    CHECK(!find(a, data).mirrored);
    CHECK(find(a, data).left == find(b, data).left);  // the crop does not depend on the mirror
  }
}

TEST_CASE("preprocess: whole images of different sizes come one by one") {
  Odd f;
  for (const auto mode : {Preprocess::scale_width, Preprocess::none}) {
    f.spec.preprocess = mode;
    f.spec.batch_size = 1;
    const auto data = open(f.spec).data;
    BatchLoader loader({data}, f.spec);
    for (int k = 0; k < 10; ++k) {
      const auto batch = loader.next()[0];
      CHECK(batch.w == data.width(batch.items[0]));
      CHECK(batch.h == data.height(batch.items[0]));
      CHECK(find(batch, data).left == 0);
    }
    f.spec.batch_size = 2;
    const auto error = error_of([&] { BatchLoader({data}, f.spec); });
    CHECK(has(error, "[data " + f.spec.data.string() + "]"));
    CHECK(
        has(error, mode == Preprocess::none ? "images of 4x4 and of 4x48" : "images of 20x20 and of 20x332"));
    CHECK(has(error, "--batch-size 1"));
  }
}

TEST_CASE("preprocess: impossible sizes are refused by name") {
  Odd f;
  const auto says = [&](auto change) {
    auto spec = f.spec;
    spec.preprocess = Preprocess::resize_and_crop;
    change(spec);
    return error_of([&] { Dataset::open(spec); });
  };
  CHECK(has(says([](auto& s) { s.load_size = 0; }), "load size 0"));
  CHECK(has(says([](auto& s) { s.crop_size = 20000; }), "crop size 20000"));
  CHECK(has(says([](auto& s) { s.crop_size = 21; }), "crops of 21x21 cut out of images scaled to 20"));
  f.spec.preprocess = Preprocess::crop;
  const auto data = open(f.spec).data;
  f.spec.crop_size = 13;
  CHECK(has(error_of([&] { BatchLoader({data}, f.spec); }), "an image of 12x12, smaller than crops of 13"));
  save_image(f.spec.data / "strip.png", pattern(1, 3000));  // 16384 x 49 million
  f.spec.crop_size = 16384;
  f.spec.max_items = 0;
  for (int i = 0; i < 5; ++i) fs::remove(f.spec.data / (std::to_string(i) + ".png"));
  CHECK(has(error_of([&] { Dataset::open(f.spec); }), "strip.png] of 1x3000 would become 16384x49152000"));
}

TEST_CASE("pack: a damaged index is built anew, also when its checksums are right") {
  Odd f;
  f.spec.preprocess = Preprocess::none;
  const auto good = open(f.spec).data;
  const auto want = pixels_of(good);
  const auto bytes = read_file(good.pack_path(), 1 << 24);
  const std::size_t index = bytes.size() - 5 * 8 - 8;  // the hash of the images is behind it
  std::vector<std::string> bad{bytes.substr(0, index), bytes.substr(0, index + 8),
                               bytes + std::string(8, '\1')};
  for (std::size_t i = index; i < bytes.size(); ++i) {
    bad.push_back(bytes);
    bad.back()[i] = static_cast<char>(bad.back()[i] ^ 4);
  }
  // The header's fields are at 24 count, 32 broken, 40 bytes of the tail, 56 its checksum, 64 its
  // own.
  const auto seal = [&](std::string text) {
    const auto put64 = [&](std::size_t at, std::uint64_t v) {
      std::copy_n(reinterpret_cast<const char*>(&v), sizeof v,
                  text.begin() + static_cast<std::ptrdiff_t>(at));
    };
    io::Hash tail, header;
    tail.add(text.data() + index, text.size() - index);
    put64(56, tail.value());
    header.add(text.data(), 64);
    put64(64, header.value());
    return text;
  };
  const auto poke = [&](std::size_t at, std::uint64_t value, std::size_t length) {
    auto text = bytes;
    for (std::size_t i = 0; i < length; ++i) text[at + i] = static_cast<char>(value >> (8 * i));
    return seal(text);
  };
  CHECK(seal(bytes) == bytes);
  for (const std::uint64_t v : {0ULL, 3ULL, 5ULL, 0x40000000ULL, 0x80000000ULL, 0xffffffffULL})
    for (std::size_t field = 0; field < 10; ++field) bad.push_back(poke(index + 4 * field, v, 4));
  for (const std::size_t field : {24U, 32U, 40U})
    for (const std::uint64_t v : {1ULL << 61, 1ULL << 63, ~0ULL, 6ULL, 39ULL})
      bad.push_back(poke(field, v, 8));
  for (std::size_t i = 0; i < bad.size(); ++i) {
    CAPTURE(i);
    put(good.pack_path(), bad[i]);
    const auto o = open(f.spec);
    CHECK(o.data.decoded() == 5);
    CHECK(sizes_of(o.data) == sizes_of(good));
    CHECK(pixels_of(o.data) == want);
  }
  // one size for all: a pack whose index differs is rejected
  f.spec.preprocess = Preprocess::square;
  const auto square = open(f.spec).data;
  CHECK(square.pack_path() != good.pack_path());
}
