// The packed cache: pictures, decoded once, in one file that is mapped into memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/image/image.h"
#include "engine/serialize/file.h"

namespace sumi::io {

// Channels of a pack. Pictures have 1 or 3; a model may pack examples of more planes.
inline constexpr std::uint32_t kMostPlanes = 1024;

// Of every picture; height and width 0: each has its own.
struct PackShape {
  std::int64_t height = 0, width = 0, channels = 0;
  int bits = 8;  // of a level: 8 or 16
  bool operator==(const PackShape&) const = default;
};

// [header][pixels, picture after picture][for each a u32 height and width][broken names, each a u32 length and
// its bytes][a u64, the ContentHash of the pictures, which packs of older versions lack]. Numbers are little-endian,
// levels of 16 bits too.
class Pack {
 public:
  // Nothing when there is no such file, or it is of another version, damaged or foreign. Header, sizes and
  // names are checked, so that every item lies in the file; pixels are not, they are read when they are used.
  static std::optional<Pack> read(const std::filesystem::path& path);
  // Nothing also when it is stale (another key or shape): then build it anew.
  static std::optional<Pack> open(const std::filesystem::path& path, std::uint64_t key,
                                  const PackShape& shape);

  // What it was made from, and how: see Dataset::key().
  std::uint64_t key() const { return key_; }
  const PackShape& shape() const { return shape_; }
  std::int64_t count() const { return static_cast<std::int64_t>(items_.size()); }
  // 0 <= i < count. With 16 bits two bytes a level, at an even address.
  const std::uint8_t* item(std::int64_t i) const { return pixels_ + at(i).offset; }
  int width(std::int64_t i) const { return static_cast<int>(at(i).width); }
  int height(std::int64_t i) const { return static_cast<int>(at(i).height); }
  // The ContentHash of the `first` pictures. Of all it is stored; of fewer, and in packs of older versions, it takes reading them.
  std::uint64_t content(std::int64_t first) const;
  // Names of the pictures that could not be read when the pack was made.
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  struct Item {
    std::uint32_t height, width;
    std::uint64_t offset;  // from the first pixel
  };
  const Item& at(std::int64_t i) const { return items_[static_cast<std::size_t>(i)]; }
  bool read_index(const std::byte* at, std::uint64_t count, std::uint64_t pixel_bytes);

  MappedFile file_;
  std::uint64_t key_ = 0;
  PackShape shape_;
  std::vector<Item> items_;
  const std::uint8_t* pixels_ = nullptr;
  std::vector<std::string> broken_;
  std::optional<std::uint64_t> content_;
};

// One picture to be packed, or the reason why there is none.
struct PackItem {
  std::string name;
  std::variant<Image8, Image16> image;
  std::string problem;
  std::string remark;  // what reading it left out, in words, or ""
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

// Hash of pictures in their order: sizes and levels. Some gigabytes a second.
class ContentHash {
 public:
  void add(const void* levels, std::size_t bytes, int width, int height);
  std::uint64_t value() const { return state_ ^ (state_ >> 32); }

 private:
  void add_word(std::uint64_t word);
  std::uint64_t state_ = 14695981039346656037ULL;
};

}  // namespace sumi::io
