#include "engine/io/dataset.h"

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "engine/file.h"
#include "engine/io/idx.h"
#include "engine/io/image.h"
#include "engine/io/listing.h"
#include "engine/io/pack.h"
#include "kernels/base/check.h"

namespace fs = std::filesystem;
using namespace sumi;

namespace {

struct TempDir {
  fs::path path;
  TempDir() {
    std::string name = (fs::temp_directory_path() / "sumi-dataset-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~TempDir() { fs::remove_all(path); }
};

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Pictures that differ in every place, so that any mix-up shows.
void make_pictures(const fs::path& folder, int count, int w = 12, int h = 10) {
  fs::create_directories(folder);
  for (int i = 0; i < count; ++i) {
    Image8 image(w, h, 3);
    for (std::size_t k = 0; k < image.data.size(); ++k)
      image.data[k] = static_cast<std::uint8_t>((k * 7 + static_cast<std::size_t>(i) * 31) % 256);
    save_image(folder / ("p" + std::to_string(100 + i) + ".png"), image);
  }
}

struct Opened {
  Dataset data;
  std::vector<std::string> warnings;
  std::int64_t steps = 0;
};

Opened open(const DatasetSpec& spec) {
  Opened result;
  DatasetEvents events;
  events.warn = [&](const std::string& line) { result.warnings.push_back(line); };
  events.progress = [&](std::int64_t done, std::int64_t total) {
    CHECK(done == ++result.steps);
    CHECK(done <= total);
  };
  result.data = Dataset::open(spec, events);
  return result;
}

std::vector<std::uint8_t> pixels_of(const Dataset& data) {
  std::vector<std::uint8_t> all;
  for (std::int64_t i = 0; i < data.count(); ++i)
    all.insert(all.end(), data.item(i), data.item(i) + data.item_bytes());
  return all;
}

std::string idx_bytes(std::uint32_t magic, std::uint32_t n, std::uint32_t rows, std::uint32_t cols,
                      std::size_t data) {
  std::string s;
  for (const auto v : {magic, n, rows, cols})
    for (int shift = 24; shift >= 0; shift -= 8) s += static_cast<char>(v >> shift);
  for (std::size_t i = 0; i < data; ++i) s += static_cast<char>(i * 11 % 251);
  return s;
}

void put(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
void put_gz(const fs::path& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

struct Fixture {
  TempDir dir;
  DatasetSpec spec;
  explicit Fixture(int count = 10) {
    if (count > 0) make_pictures(dir.path / "data", count);
    spec.data = dir.path / "data";
    spec.cache_dir = dir.path / "cache";
    spec.size = 8;
    spec.batch_size = 3;
    spec.seed = 5;
  }
};

}  // namespace

TEST_CASE("dataset: a folder is decoded once, in the order of the names, whatever the workers") {
  Fixture f;
  make_pictures(f.spec.data / "sub", 2, 30, 9);
  put(f.spec.data / "notes.txt", "not a picture");
  put(f.spec.data / ".hidden.png", "not a picture either");
  std::vector<std::uint8_t> first;
  for (const int workers : {0, 1, 4}) {
    f.spec.workers = workers;
    f.spec.cache_dir = f.dir.path / ("cache" + std::to_string(workers));
    const auto o = open(f.spec);
    CHECK(o.data.count() == 12);
    CHECK(o.data.decoded() == 12);
    CHECK(o.steps == 12);
    CHECK(o.warnings.empty());
    CHECK(o.data.item_bytes() == 8 * 8 * 3);
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
  make_pictures(f.spec.data / "more", 1);
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
  CHECK(open(other).data.item_bytes() == 64);
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

TEST_CASE("dataset: broken pictures are named once, then counted") {
  Fixture f;
  put(f.spec.data / "p105x.png", "");
  put(f.spec.data / "a.jpg", "text");
  fs::create_symlink("nowhere.png", f.spec.data / "dangling.png");
  const auto whole = read_file(f.spec.data / "p100.png", 1 << 20);
  put(f.spec.data / "cut.png", whole.substr(0, whole.size() / 2));
  const auto o = open(f.spec);
  CHECK(o.data.count() == 10);
  REQUIRE(o.warnings.size() == 4);
  CHECK(has(o.warnings[0], "skipped [picture " + (f.spec.data / "a.jpg").string() + "]"));
  CHECK(has(o.warnings[3], "p105x.png] is empty"));
  CHECK(o.data.broken() == std::vector<std::string>{"a.jpg", "cut.png", "dangling.png", "p105x.png"});
  const auto again = open(f.spec);
  CHECK(again.data.decoded() == 0);
  REQUIRE(again.warnings.size() == 1);
  CHECK(again.warnings[0] == "4 broken pictures skipped, e.g. a.jpg");
  CHECK(pixels_of(again.data) == pixels_of(o.data));
}

TEST_CASE("dataset: links are followed, cycles of links end") {
  Fixture f(3);
  make_pictures(f.dir.path / "elsewhere", 2);
  fs::create_directory_symlink(f.dir.path / "elsewhere", f.spec.data / "link");
  fs::create_directory_symlink("..", f.spec.data / "up");
  fs::create_directory_symlink(".", f.spec.data / "self");
  fs::create_symlink(f.spec.data / "p100.png", f.spec.data / "same.png");
  std::vector<std::string> names;
  for (const auto& file : io::list_pictures(f.spec.data, {}))
    if (!file.name.starts_with("up/")) names.push_back(file.name);
  CHECK(names == std::vector<std::string>{"link/p100.png", "link/p101.png", "p100.png", "p101.png",
                                          "p102.png", "same.png"});
}

TEST_CASE("dataset: errors name the folder and the cure") {
  Fixture f(2);
  const auto says = [&](auto change) {
    auto spec = f.spec;
    change(spec);
    return error_of([&] { BatchLoader loader(Dataset::open(spec), spec); });
  };
  CHECK(has(says([&](auto& s) { s.data = f.dir.path / "none"; }), "none] does not exist"));
  CHECK(has(says([&](auto& s) { s.data = ""; }), "does not exist"));
  fs::create_directories(f.dir.path / "empty");
  CHECK(has(says([&](auto& s) { s.data = f.dir.path / "empty"; }), "is a folder without pictures"));
  put(f.dir.path / "empty" / "images-idx3-ubyte.gz", "x");
  CHECK(has(says([&](auto& s) { s.data = f.dir.path / "empty"; }), "try --data"));
  put(f.dir.path / "empty" / "a.png", "");
  put(f.dir.path / "empty" / "b.png", "");
  const auto none = says([&](auto& s) { s.data = f.dir.path / "empty"; });
  CHECK(has(none, "a.png] is empty"));
  CHECK(has(none, "none of the 2 pictures can be read"));
  CHECK(has(says([](auto&) {}), "has 2 pictures, fewer than one batch of 3; lower --batch-size to 2"));
  CHECK(has(says([](auto& s) { s.batch_size = 0; }), "batch size is 0"));
  CHECK(has(says([](auto& s) { s.size = 0; }), "size 0"));
  CHECK(has(says([](auto& s) { s.channels = 4; }), "4 channels"));
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
  CHECK(open(spec).data.item_bytes() == 432);
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
  CHECK(has(says("ab"), "too short"));
  CHECK(has(says(idx_bytes(0x803, 5, 2, 2, 0).substr(0, 10)), "too short"));
  CHECK(has(says(idx_bytes(0x803, 5, 2, 2, 19)), "ends after 4 of 5 pictures"));
  CHECK(has(says(idx_bytes(0x803, 5, 2, 2, 21)), "more bytes than the 5 pictures"));
  CHECK(has(says(idx_bytes(0x803, 0, 2, 2, 0)), "claims 0 pictures"));
  CHECK(has(says(idx_bytes(0x803, 5, 0, 2, 0)), "claims 5 pictures of 2x0"));
  CHECK(has(says(idx_bytes(0x803, 4294967295U, 4096, 4096, 10)), "more than fits"));
  CHECK(has(says(idx_bytes(0x803, 4000000, 64, 64, 10)),
            "ends after 0"));  // claims 16 GB, must not allocate them
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

TEST_CASE("loader: batches are a function of their number alone") {
  Fixture f;
  const auto data = Dataset::open(f.spec);
  std::vector<Batch> want;
  for (const int workers : {0, 1, 4}) {
    f.spec.workers = workers;
    BatchLoader loader(data, f.spec);
    CHECK(loader.batches_per_epoch() == 3);
    CHECK(loader.size() == 10);
    for (std::int64_t k = 0; k < 13; ++k) {
      CHECK(loader.position() == k);
      auto batch = loader.next();
      CHECK(batch.epoch == k / 3);
      CHECK(batch.index == k % 3);
      CHECK(batch.data.size() == 3 * 8 * 8 * 3);
      if (workers == 0) {
        want.push_back(std::move(batch));
      } else {
        CHECK(batch.items == want[static_cast<std::size_t>(k)].items);
        CHECK(batch.data == want[static_cast<std::size_t>(k)].data);
      }
    }
    for (const std::int64_t k : {std::int64_t{7}, std::int64_t{0}, std::int64_t{12}}) {  // resume
      loader.seek(k);
      CHECK(loader.next().data == want[static_cast<std::size_t>(k)].data);
      if (k < 12) CHECK(loader.next().data == want[static_cast<std::size_t>(k) + 1].data);
    }
    CHECK_THROWS_AS(loader.seek(-1), Error);
  }
}

TEST_CASE("loader: an epoch has no picture twice, epochs and seeds differ, values and mirrors are right") {
  Fixture f;
  f.spec.workers = 1;
  const auto data = Dataset::open(f.spec);
  BatchLoader loader(data, f.spec);
  std::vector<std::vector<std::int64_t>> orders;
  std::set<std::int64_t> ever;
  int mirrored = 0, straight = 0;
  for (int epoch = 0; epoch < 20; ++epoch) {
    std::vector<std::int64_t> order;
    for (int i = 0; i < 3; ++i) {
      const auto batch = loader.next();
      order.insert(order.end(), batch.items.begin(), batch.items.end());
      for (std::size_t n = 0; n < 3; ++n) {
        const auto* item = data.item(batch.items[n]);
        const auto at = [&](std::size_t x) { return static_cast<float>(item[x * 3] / 127.5 - 1); };
        const float* row = batch.data.data() + n * 192;
        if (row[0] == at(0) && row[7 * 3] == at(7)) ++straight;
        if (row[0] == at(7) && row[7 * 3] == at(0)) ++mirrored;
      }
    }
    CHECK(std::set<std::int64_t>(order.begin(), order.end()).size() == 9);
    ever.insert(order.begin(), order.end());
    orders.push_back(order);
  }
  CHECK(ever.size() == 10);
  CHECK(std::set<std::vector<std::int64_t>>(orders.begin(), orders.end()).size() == 20);
  CHECK(mirrored + straight == 180);
  CHECK(mirrored > 60);
  CHECK(straight > 60);
  auto other = f.spec;
  other.seed = 6;
  CHECK(BatchLoader(data, other).next().items != BatchLoader(data, f.spec).next().items);
  other.flip = false;
  BatchLoader plain(data, other);
  const auto batch = plain.next();
  float lo = 9, hi = -9;
  for (std::size_t n = 0; n < 3; ++n)
    for (std::size_t i = 0; i < 192; ++i) {
      CHECK(batch.data[n * 192 + i] == static_cast<float>(data.item(batch.items[n])[i] / 127.5 - 1));
      lo = std::min(lo, batch.data[n * 192 + i]);
      hi = std::max(hi, batch.data[n * 192 + i]);
    }
  CHECK(lo >= -1);
  CHECK(hi <= 1);
}

TEST_CASE("loader: the whole set as one batch") {
  Fixture f;
  f.spec.batch_size = 10;
  BatchLoader loader(Dataset::open(f.spec), f.spec);
  CHECK(loader.batches_per_epoch() == 1);
  CHECK(loader.next().index == 0);
  CHECK(loader.next().epoch == 1);
}

TEST_CASE("pipeline: order, exceptions in their place, prompt end") {
  for (const int workers : {0, 1, 4}) {
    CAPTURE(workers);
    std::atomic<std::int64_t> started{0};
    io::OrderedPipeline<std::int64_t> pipeline(workers, 6, 0, 1000, [&](std::int64_t i) {
      ++started;
      if (i % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
      if (i == 50) fail("test", "fifty");
      return i * i;
    });
    for (std::int64_t i = 0; i < 50; ++i) {
      CHECK(pipeline.next() == i * i);
      CHECK(started <= i + 2 + 6);
    }
    CHECK(has(error_of([&] { pipeline.next(); }), "fifty"));
    CHECK(has(error_of([&] { pipeline.next(); }), "fifty"));
  }
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    io::OrderedPipeline<int> unused(4, 8, 0, 1 << 30, [](std::int64_t k) { return static_cast<int>(k); });
    if (i % 2) CHECK(unused.next() == 0);
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}
