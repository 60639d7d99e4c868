// Shared parts of the tests of data sets and loaders: folders, images, idx files.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/image/image.h"
#include "kernels/base/check.h"
#include "tests/support.h"

namespace fs = std::filesystem;
using namespace sumi;

namespace dataset_fixture {

using sumi::test::error_of, sumi::test::has, sumi::test::put, sumi::test::TempDir;

// Writes images that differ at every pixel, so that any mix-up shows.
inline void make_images(const fs::path& folder, int count, int w = 12, int h = 10) {
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

inline Opened open(const DatasetSpec& spec) {
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

inline std::vector<std::uint8_t> pixels_of(const Dataset& data) {
  std::vector<std::uint8_t> all;
  for (std::int64_t i = 0; i < data.count(); ++i)
    all.insert(all.end(), data.item(i), data.item(i) + data.item_bytes(i));
  return all;
}

inline std::string idx_bytes(std::uint32_t magic, std::uint32_t n, std::uint32_t rows, std::uint32_t cols,
                             std::size_t data) {
  std::string s;
  for (const auto v : {magic, n, rows, cols})
    for (int shift = 24; shift >= 0; shift -= 8) s += static_cast<char>(v >> shift);
  for (std::size_t i = 0; i < data; ++i) s += static_cast<char>(i * 11 % 251);
  return s;
}

inline void put_gz(const fs::path& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

struct Fixture {
  TempDir dir;
  DatasetSpec spec;
  explicit Fixture(int count = 10) {
    if (count > 0) make_images(dir.path / "data", count);
    spec.data = dir.path / "data";
    spec.cache_dir = dir.path / "cache";
    spec.size = 8;
    spec.batch_size = 3;
    spec.seed = 5;
  }
};

}  // namespace dataset_fixture
using namespace dataset_fixture;
