#include "engine/data/dataset.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>

#include "engine/data/file_listing.h"
#include "engine/data/idx.h"
#include "engine/data/pack.h"
#include "engine/serialize/file.h"
#include "tests/engine/dataset_fixture.h"

TEST_CASE("dataset: a folder is decoded once, in the order of the names, whatever the workers") {
  Fixture f;
  make_images(f.spec.data / "sub", 2, 30, 9);
  put(f.spec.data / "notes.txt", "not an image");
  put(f.spec.data / ".hidden.png", "not an image either");
  std::vector<std::uint8_t> first;
  for (const int workers : {0, 1, 4}) {
    f.spec.workers = workers;
    f.spec.cache_dir = f.dir.path / ("cache" + std::to_string(workers));
    const auto o = open(f.spec);
    CHECK(o.data.count() == 12);
    CHECK(o.data.decoded() == 12);
    CHECK(o.steps == 12);
    CHECK(o.warnings.empty());
    CHECK(o.data.item_bytes(0) == 8 * 8 * 3);
    const auto pixels = pixels_of(o.data);
    if (first.empty()) first = pixels;
    CHECK(pixels == first);
    const auto want = square_image(load_image(f.spec.data / "p103.png"), 8);
    CHECK(std::equal(want.data.begin(), want.data.end(), o.data.item(3)));
    const auto again = open(f.spec);
    CHECK(again.data.decoded() == 0);
    CHECK(again.steps == 0);
    CHECK(again.data.key() == o.data.key());
    CHECK(pixels_of(again.data) == first);
    CHECK_THROWS_AS(o.data.item(12), Error);
    CHECK_THROWS_AS(o.data.item(-1), Error);
  }
}

TEST_CASE("dataset: changed folders and options make a new pack, in the place of the old one") {
  Fixture f;
  const auto first = open(f.spec).data;
  make_images(f.spec.data / "more", 1);
  const auto second = open(f.spec).data;
  CHECK(second.decoded() == 11);
  CHECK(second.pack_path() == first.pack_path());
  CHECK(second.key() != first.key());
  CHECK(pixels_of(first).size() == 10 * 192);  // still mapped
  fs::last_write_time(f.spec.data / "p100.png", fs::file_time_type::clock::now() - std::chrono::hours(1));
  CHECK(open(f.spec).data.decoded() == 11);
  CHECK(open(f.spec).data.decoded() == 0);
  auto other = f.spec;
  other.channels = 1;
  CHECK(open(other).data.decoded() == 11);
  CHECK(open(other).data.item_bytes(0) == 64);
  other.max_items = 4;
  CHECK(open(other).data.count() == 4);
  other.size = 4;
  CHECK(open(other).data.decoded() == 4);
  CHECK(open(f.spec).data.decoded() == 0);
  CHECK(std::distance(fs::directory_iterator(f.spec.cache_dir), fs::directory_iterator()) == 4);
}

TEST_CASE("dataset: damaged and foreign packs are built anew") {
  Fixture f;
  const auto good = open(f.spec).data;
  const auto want = pixels_of(good);
  const auto bytes = read_file(good.pack_path(), 1 << 24);
  std::vector<std::string> bad = {"",
                                  "short",
                                  std::string(500, 'x'),
                                  bytes.substr(0, 72),
                                  bytes.substr(0, bytes.size() - 1),
                                  bytes + "x",
                                  std::string("SUMIPACK") + std::string(64, '\xff')};
  for (std::size_t i = 0; i < 72; i += 3) {
    bad.push_back(bytes);
    bad.back()[i] = static_cast<char>(bad.back()[i] ^ 1);
  }
  for (const auto& b : bad) {
    put(good.pack_path(), b);
    const auto o = open(f.spec);
    CHECK(o.data.decoded() == 10);
    CHECK(pixels_of(o.data) == want);
  }
}

TEST_CASE("dataset: a pack is data itself, where its images are not") {
  Fixture f;
  const auto made = open(f.spec).data;
  const auto bytes = read_file(made.pack_path(), 1 << 24);
  const auto want = pixels_of(made);
  fs::remove_all(f.spec.data);
  DatasetSpec carried = f.spec;
  carried.data = f.dir.path / "carried.pack";
  carried.cache_dir = f.dir.path / "none";
  put(carried.data, bytes);
  const auto whole = open(carried).data;
  CHECK(whole.decoded() == 0);
  CHECK(pixels_of(whole) == want);
  CHECK_FALSE(fs::exists(carried.cache_dir));
  carried.max_items = 4;
  const auto some = open(carried).data;
  CHECK(some.count() == 4);
  CHECK(some.key() != whole.key());
  carried.size = 16;
  CHECK(has(error_of([&] { open(carried); }), "holds images of 8x8x3, but the options ask for 16x16x3"));
  put(carried.data, bytes.substr(0, bytes.size() - 1));
  CHECK(has(error_of([&] { open(carried); }), "is not a packed set of this version, or is damaged"));
}

TEST_CASE("dataset: broken images are named once, then counted") {
  Fixture f;
  put(f.spec.data / "p105x.png", "");
  put(f.spec.data / "a.jpg", "text");
  fs::create_symlink("nowhere.png", f.spec.data / "dangling.png");
  const auto whole = read_file(f.spec.data / "p100.png", 1 << 20);
  put(f.spec.data / "cut.png", whole.substr(0, whole.size() / 2));
  const auto o = open(f.spec);
  CHECK(o.data.count() == 10);
  REQUIRE(o.warnings.size() == 4);
  CHECK(has(o.warnings[0], "skipped [image " + (f.spec.data / "a.jpg").string() + "]"));
  CHECK(has(o.warnings[3], "p105x.png] is empty"));
  CHECK(o.data.broken() == std::vector<std::string>{"a.jpg", "cut.png", "dangling.png", "p105x.png"});
  const auto again = open(f.spec);
  CHECK(again.data.decoded() == 0);
  REQUIRE(again.warnings.size() == 1);
  CHECK(again.warnings[0] == "4 broken images skipped, e.g. a.jpg");
  CHECK(pixels_of(again.data) == pixels_of(o.data));
}

TEST_CASE("dataset: links are followed, cycles of links end") {
  Fixture f(3);
  make_images(f.dir.path / "elsewhere", 2);
  fs::create_directory_symlink(f.dir.path / "elsewhere", f.spec.data / "link");
  fs::create_directory_symlink("..", f.spec.data / "up");
  fs::create_directory_symlink(".", f.spec.data / "self");
  fs::create_symlink(f.spec.data / "p100.png", f.spec.data / "same.png");
  std::vector<std::string> names;
  for (const auto& file : io::list_images(f.spec.data, {}))
    if (!file.name.starts_with("up/")) names.push_back(file.name);
  CHECK(names == std::vector<std::string>{"link/p100.png", "link/p101.png", "p100.png", "p101.png",
                                          "p102.png", "same.png"});
}

TEST_CASE("dataset: errors name the folder and the cure") {
  Fixture f(2);
  const auto says = [&](auto change) {
    auto spec = f.spec;
    change(spec);
    return error_of([&] { BatchLoader loader({Dataset::open(spec)}, spec); });
  };
  CHECK(has(says([&](auto& s) { s.data = f.dir.path / "none"; }), "none] does not exist"));
  CHECK(has(says([&](auto& s) { s.data = ""; }), "does not exist"));
  fs::create_directories(f.dir.path / "empty");
  CHECK(has(says([&](auto& s) { s.data = f.dir.path / "empty"; }), "is a folder without images"));
  put(f.dir.path / "empty" / "images-idx3-ubyte.gz", "x");
  CHECK(has(says([&](auto& s) { s.data = f.dir.path / "empty"; }), "try --data"));
  put(f.dir.path / "empty" / "a.png", "");
  put(f.dir.path / "empty" / "b.png", "");
  const auto none = says([&](auto& s) { s.data = f.dir.path / "empty"; });
  CHECK(has(none, "a.png] is empty"));
  CHECK(has(none, "none of the 2 images can be read"));
  CHECK(has(says([](auto&) {}), "has 2 images, fewer than one batch of 3; lower --batch-size to 2"));
  CHECK(has(says([](auto& s) { s.batch_size = 0; }), "batch size is 0"));
  CHECK(has(says([](auto& s) { s.size = 0; }), "size 0"));
  CHECK(has(says([](auto& s) { s.channels = 2; }), "2 channels"));
  CHECK(has(says([](auto& s) { s.data = "/dev/null"; }), "neither a folder nor a file"));
  CHECK(has(says([&](auto& s) { s.data = f.spec.data / "p100.png"; }), "not idx images"));
}

TEST_CASE("dataset: an unwritable cache falls back with one warning, and is found there again") {
  Fixture f;
  put(f.dir.path / "file", "x");
  f.spec.cache_dir = f.dir.path / "file" / "cache";
  f.spec.fallback_dir = f.dir.path / "run";
  const auto o = open(f.spec);
  REQUIRE(o.warnings.size() == 1);
  CHECK(has(o.warnings[0], "file/cache cannot be created"));
  CHECK(o.data.pack_path().parent_path() == f.spec.fallback_dir);
  const auto again = open(f.spec);
  CHECK(again.warnings.empty());
  CHECK(again.data.decoded() == 0);
}

TEST_CASE("dataset: stopping while decoding leaves nothing behind") {
  Fixture f;
  DatasetEvents events;
  events.progress = [](std::int64_t done, std::int64_t) {
    if (done == 4) fail("test", "stop");
  };
  CHECK(has(error_of([&] { Dataset::open(f.spec, events); }), "stop"));
  CHECK(fs::is_empty(f.spec.cache_dir));
}

TEST_CASE("idx: images, gzipped or not, resized and repeated") {
  TempDir dir;
  put_gz(dir.path / "a.idx.gz", idx_bytes(0x803, 5, 6, 6, 5 * 36));
  put(dir.path / "a.idx", idx_bytes(0x803, 5, 6, 6, 5 * 36));
  const auto images = load_idx(dir.path / "a.idx.gz");
  CHECK(images.count == 5);
  CHECK(images.rows == 6);
  CHECK(images.pixels == load_idx(dir.path / "a.idx").pixels);
  CHECK(load_idx(dir.path / "a.idx", 2).pixels.size() == 72);
  DatasetSpec spec;
  spec.data = dir.path / "a.idx.gz";
  spec.cache_dir = dir.path / "cache";
  spec.size = 6;
  spec.channels = 1;
  const auto direct = open(spec);
  CHECK(direct.data.pack_path().empty());
  CHECK(pixels_of(direct.data) == images.pixels);
  spec.channels = 3;
  const auto rgb = open(spec);
  CHECK(rgb.data.decoded() == 5);
  for (std::size_t i = 0; i < 36; ++i)
    for (std::size_t c = 0; c < 3; ++c) CHECK(rgb.data.item(4)[3 * i + c] == images.pixels[4 * 36 + i]);
  CHECK(open(spec).data.decoded() == 0);
  spec.size = 12;
  CHECK(open(spec).data.item_bytes(0) == 432);
}

TEST_CASE("idx: every length is checked") {
  TempDir dir;
  const auto says = [&](const std::string& bytes, std::int64_t max_items = 0) {
    std::string plain, packed;
    put(dir.path / "x", bytes);
    plain = error_of([&] { load_idx(dir.path / "x", max_items); });
    put_gz(dir.path / "x", bytes);
    packed = error_of([&] { load_idx(dir.path / "x", max_items); });
    CHECK(plain == packed);
    CHECK(has(plain, "[data " + (dir.path / "x").string() + "]"));
    return plain;
  };
  CHECK(has(says(idx_bytes(0x801, 5, 0, 0, 5)), "holds labels"));
  CHECK(has(says(idx_bytes(0xd03, 5, 2, 2, 80)), "another kind"));
  CHECK(has(says("hello world, this is text"), "not idx images"));
  CHECK(has(says(std::string("PK\3\4") + "0123456789012"), "is an archive; unpack it"));
  CHECK(has(says("ab"), "too short"));
  CHECK(has(says(idx_bytes(0x803, 5, 2, 2, 0).substr(0, 10)), "too short"));
  CHECK(has(says(idx_bytes(0x803, 5, 2, 2, 19)), "ends after 4 of 5 images"));
  CHECK(has(says(idx_bytes(0x803, 5, 2, 2, 21)), "more bytes than the 5 images"));
  CHECK(has(says(idx_bytes(0x803, 0, 2, 2, 0)), "claims 0 images"));
  CHECK(has(says(idx_bytes(0x803, 5, 0, 2, 0)), "claims 5 images of 2x0"));
  CHECK(has(says(idx_bytes(0x803, 4294967295U, 4096, 4096, 10)), "more than fits"));
  // Claims 16 GB, which must not be allocated.
  put(dir.path / "x", idx_bytes(0x803, 4000000, 64, 64, 10));
  CHECK(has(error_of([&] { load_idx(dir.path / "x"); }), "ends after 0"));
  put_gz(dir.path / "x", idx_bytes(0x803, 4000000, 64, 64, 10));
  CHECK(has(error_of([&] { load_idx(dir.path / "x"); }), "packs so small"));
  CHECK(has(error_of([&] { load_idx(dir.path / "none"); }), "cannot be opened"));
  put_gz(dir.path / "y", idx_bytes(0x803, 500, 20, 20, 200000));
  const auto gz = read_file(dir.path / "y", 1 << 24);
  put(dir.path / "y", gz.substr(0, gz.size() / 2));
  CHECK(has(error_of([&] { load_idx(dir.path / "y"); }), "truncated or damaged"));
  auto flipped = gz;
  flipped[gz.size() - 6] = static_cast<char>(flipped[gz.size() - 6] ^ 1);  // the checksum
  put(dir.path / "y", flipped);
  CHECK(has(error_of([&] { load_idx(dir.path / "y"); }), "damaged"));
}

TEST_CASE(
    "dataset: images that are not square are the largest central part of that shape, in a pack of their "
    "own") {
  Fixture f;
  const auto square = Dataset::open(f.spec);
  f.spec.height = 8;  // the same square, and the same pack
  CHECK(Dataset::open(f.spec).key() == square.key());
  f.spec.height = 4;
  const auto wide = Dataset::open(f.spec);
  CHECK(wide.key() != square.key());
  CHECK(wide.width(0) == 8);
  CHECK(wide.height(0) == 4);
  Image8 image(12, 12, 1);
  for (int y = 0; y < 12; ++y)
    for (int x = 0; x < 12; ++x) image.at(x, y)[0] = static_cast<std::uint8_t>(20 * y);
  const Image8 part = fill_image(image, 12, 4);  // rows 4 to 7, as they are
  for (int y = 0; y < 4; ++y) CHECK(*part.at(5, y) == 20 * (y + 4));
  CHECK(fill_image(image, 3, 12).height == 12);
  CHECK(fill_image(Image8(1, 400, 1), 16, 8).width == 16);
  CHECK(fill_image(image, 6, 6).data == square_image(image, 6).data);
}
