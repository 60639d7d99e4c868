// The packed cache: decoded images in one memory-mapped file.
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

// Channels of a pack. Images have 1 or 3; a model may pack examples of more planes.
inline constexpr std::uint32_t kMostPlanes = 1024;

// The common shape of all images; height and width 0: sizes vary.
struct PackShape {
  std::int64_t height = 0, width = 0, channels = 0;
  int bits = 8;  // per level: 8 or 16
  bool operator==(const PackShape&) const = default;
};

// [header][pixels, image after image][u32 height and width of each][broken names, each a u32 length
// and its bytes][a u64, the ContentHash of the images, which packs of older versions lack].
// Integers are little-endian, as are 16-bit levels.
class Pack {
 public:
  // Returns nothing if there is no such file, or if it is of another version, damaged or of another
  // format. Header, sizes and names are checked, so that every item is inside the file; pixels are
  // not read until they are used.
  static std::optional<Pack> read(const std::filesystem::path& path);
  // The same, but also returns nothing for a stale pack (another key or shape), which must then be
  // rebuilt.
  static std::optional<Pack> open(const std::filesystem::path& path, std::uint64_t key,
                                  const PackShape& shape);

  // Identifies source and preprocessing: see Dataset::key().
  std::uint64_t key() const { return key_; }
  const PackShape& shape() const { return shape_; }
  std::int64_t count() const { return static_cast<std::int64_t>(items_.size()); }
  // 0 <= i < count. With 16 bits two bytes per level, at an even address.
  const std::uint8_t* item(std::int64_t i) const { return pixels_ + at(i).offset; }
  int width(std::int64_t i) const { return static_cast<int>(at(i).width); }
  int height(std::int64_t i) const { return static_cast<int>(at(i).height); }
  // The ContentHash of the `first` images. For all images it is stored; for fewer, and in packs of
  // older versions, the images are read.
  std::uint64_t content(std::int64_t first) const;
  // Names of the images that could not be read when the pack was written.
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

// One image to pack, or the reason why it cannot be read.
struct PackItem {
  std::string name;
  std::variant<Image8, Image16> image;
  std::string problem;
  std::string remark;  // what was ignored when reading, or ""
};

// Writes a pack atomically from the items that `next` returns (`count` calls), in constant memory.
// If every item has a problem, nothing is written and the first problem is thrown as an Error.
void write_pack(const std::filesystem::path& path, std::uint64_t key, const PackShape& shape,
                std::int64_t count, const std::function<PackItem()>& next);

// FNV-1a, 64 bits: keys and checksums of packs.
class Hash {
 public:
  void add(const void* data, std::size_t bytes);
  void add(const std::string& text);  // includes the length, so that "ab","c" differs from "a","bc"
  void add(std::int64_t value) { add(&value, sizeof value); }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 14695981039346656037ULL;
};

// Hash of images in order: sizes and levels. Some gigabytes per second.
class ContentHash {
 public:
  void add(const void* levels, std::size_t bytes, int width, int height);
  std::uint64_t value() const { return state_ ^ (state_ >> 32); }

 private:
  void add_word(std::uint64_t word);
  std::uint64_t state_ = 14695981039346656037ULL;
};

}  // namespace sumi::io
