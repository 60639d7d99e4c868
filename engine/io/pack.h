// The packed cache: pictures of one size, decoded once, in one file that is mapped into memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/file.h"

namespace sumi::io {

struct PackShape {
  std::int64_t height = 0, width = 0, channels = 0;
  std::int64_t bytes() const { return height * width * channels; }
  bool operator==(const PackShape&) const = default;
};

// [header][count * h * w * c bytes][broken names, each a u32 length and its bytes]. Numbers are
// little-endian.
class Pack {
 public:
  // Nothing when there is no such file, or it is stale (another key or shape), damaged or foreign: then build
  // it anew. Header, lengths and names are checked; pixels are not, they are read when they are used.
  static std::optional<Pack> open(const std::filesystem::path& path, std::uint64_t key,
                                  const PackShape& shape);

  std::int64_t count() const { return count_; }
  const std::uint8_t* item(std::int64_t i) const { return pixels_ + i * shape_.bytes(); }
  const PackShape& shape() const { return shape_; }
  // Names of the pictures that could not be read when the pack was made.
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  MappedFile file_;
  PackShape shape_;
  std::int64_t count_ = 0;
  const std::uint8_t* pixels_ = nullptr;
  std::vector<std::string> broken_;
};

// One picture to be packed: its bytes, or the reason why it has none.
struct PackItem {
  std::string name;
  std::vector<std::uint8_t> pixels;
  std::string problem;
};

// Writes a pack atomically, item after item as `next` delivers them (`count` times), in constant memory. If
// all of them have a problem, nothing is written and the first problem is an Error.
void write_pack(const std::filesystem::path& path, std::uint64_t key, const PackShape& shape,
                std::int64_t count, const std::function<PackItem()>& next);

// FNV-1a, 64 bits: keys and checksums of packs.
class Hash {
 public:
  void add(const void* data, std::size_t bytes);
  void add(const std::string& text);  // with its length, so that "ab","c" differs from "a","bc"
  void add(std::int64_t value) { add(&value, sizeof value); }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 14695981039346656037ULL;
};

}  // namespace sumi::io
