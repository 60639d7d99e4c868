#include "engine/data/pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "kernels/base/check.h"

namespace sumi::io {
namespace {

constexpr std::array<char, 8> kMagic{'S', 'U', 'M', 'I', 'P', 'A', 'C', 'K'};
// 2: images of different sizes; 3: the same with 16 bits per level; 4 and 5: with the hash of the
// images.
constexpr std::uint32_t kOldest = 2, kHashed = 4, kNewest = 5;

int bits_of(std::uint32_t version) {
  return version % 2 == 0 ? 8 : 16;
}

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kHashed;
  std::uint32_t h = 0, w = 0, c = 0;  // h and w are 0 if sizes vary
  std::uint64_t count = 0, broken = 0, tail_bytes = 0;
  std::uint64_t key = 0;
  std::uint64_t tail_check = 0;  // checksum of the data after the pixels: sizes and names
  std::uint64_t check = 0;       // of all fields before this one
};
static_assert(sizeof(Header) == 72 && std::is_trivially_copyable_v<Header>);

std::uint64_t check_of(const Header& header) {
  Hash hash;
  hash.add(&header, offsetof(Header, check));
  return hash.value();
}

bool read_names(const std::byte* at, std::uint64_t bytes, std::uint64_t count,
                std::vector<std::string>& names) {
  while (names.size() < count) {
    std::uint32_t length;
    if (bytes < sizeof length) return false;
    std::memcpy(&length, at, sizeof length);
    at += sizeof length;
    bytes -= sizeof length;
    if (length > bytes) return false;
    names.emplace_back(reinterpret_cast<const char*>(at), length);
    at += length;
    bytes -= length;
  }
  return bytes == 0;
}

void append(std::string& bytes, std::uint32_t value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

constexpr std::uint64_t kIndexItem = 2 * sizeof(std::uint32_t);
// so that products fit 64 bits and sides fit an int
constexpr std::uint32_t kMaxPackSide = 1U << 30;
// per image: the maximum that preprocessing produces
constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 28;
constexpr std::uint64_t kMaxTail = std::uint64_t{1}
                                   << 28;  // 30 million images; more would take seconds to validate
constexpr std::uint64_t kMaxBroken = 1 << 20;

}  // namespace

void Hash::add(const void* data, std::size_t bytes) {
  const auto* p = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < bytes; ++i) state_ = (state_ ^ p[i]) * 1099511628211ULL;
}

void Hash::add(const std::string& text) {
  add(static_cast<std::int64_t>(text.size()));
  add(text.data(), text.size());
}

void ContentHash::add(const void* levels, std::size_t bytes, int width, int height) {
  const auto* p = static_cast<const unsigned char*>(levels);
  add_word((std::uint64_t{static_cast<std::uint32_t>(width)} << 32) | static_cast<std::uint32_t>(height));
  for (std::size_t i = 0; i < bytes; i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, p + i, std::min(sizeof word, bytes - i));
    add_word(word);
  }
}

void ContentHash::add_word(std::uint64_t word) {
  state_ = (std::rotl(state_, 29) ^ word) * 0x9e3779b97f4a7c15U;
}

std::uint64_t Pack::content(std::int64_t first) const {
  if (content_ && first == count()) return *content_;
  ContentHash hash;
  for (std::int64_t i = 0; i < first; ++i)
    hash.add(item(i),
             std::size_t(height(i)) * std::size_t(width(i)) * std::size_t(shape_.channels * shape_.bits / 8),
             width(i), height(i));
  return hash.value();
}

std::optional<Pack> Pack::open(const std::filesystem::path& path, std::uint64_t key, const PackShape& shape) {
  auto pack = read(path);
  if (!pack || pack->key() != key || !(pack->shape() == shape)) return std::nullopt;
  return pack;
}

std::optional<Pack> Pack::read(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  Pack pack;
  try {
    pack.file_ = MappedFile(path);
  } catch (const Error&) {
    return std::nullopt;  // unreadable: rebuilding reports the failure in a better place
  }
  Header header;
  const std::uint64_t size = pack.file_.size();
  if (size < sizeof header) return std::nullopt;
  std::memcpy(&header, pack.file_.data(), sizeof header);
  if (header.magic != kMagic || header.version < kOldest || header.version > kNewest ||
      header.check != check_of(header))
    return std::nullopt;
  if (header.count == 0 || header.c == 0 || header.c > kMostPlanes) return std::nullopt;
  if (header.tail_bytes > kMaxTail || header.broken > kMaxBroken) return std::nullopt;
  pack.key_ = header.key;
  pack.shape_ = {header.h, header.w, header.c, bits_of(header.version)};
  const std::uint64_t hash_bytes = header.version >= kHashed ? sizeof(std::uint64_t) : 0;
  if (header.tail_bytes > size - sizeof header || header.tail_bytes < hash_bytes ||
      header.count > (header.tail_bytes - hash_bytes) / kIndexItem)
    return std::nullopt;
  const std::uint64_t pixel_bytes = size - sizeof header - header.tail_bytes;
  const std::uint64_t index_bytes = header.count * kIndexItem;
  const std::byte* tail = pack.file_.data() + sizeof header + pixel_bytes;
  Hash hash;
  hash.add(tail, header.tail_bytes);
  if (hash.value() != header.tail_check) return std::nullopt;
  if (!pack.read_index(tail, header.count, pixel_bytes) ||
      !read_names(tail + index_bytes, header.tail_bytes - index_bytes - hash_bytes, header.broken,
                  pack.broken_))
    return std::nullopt;
  if (hash_bytes > 0)
    std::memcpy(&pack.content_.emplace(), tail + header.tail_bytes - hash_bytes, sizeof(std::uint64_t));
  pack.pixels_ = reinterpret_cast<const std::uint8_t*>(pack.file_.data()) + sizeof header;
  return pack;
}

// A checksum proves nothing: sizes that do not add up to the pixels are rejected.
bool Pack::read_index(const std::byte* at, std::uint64_t count, std::uint64_t pixel_bytes) {
  items_.reserve(count);
  std::uint64_t offset = 0;
  for (std::uint64_t i = 0; i < count; ++i, at += kIndexItem) {
    Item item{};
    std::memcpy(&item.height, at, sizeof item.height);
    std::memcpy(&item.width, at + sizeof item.height, sizeof item.width);
    item.offset = offset;
    if (item.height == 0 || item.width == 0 || item.height > kMaxPackSide || item.width > kMaxPackSide ||
        std::uint64_t{item.height} * item.width > kMaxPixels)
      return false;
    if (shape_.height != 0 && (item.height != shape_.height || item.width != shape_.width)) return false;
    const std::uint64_t bytes = std::uint64_t{item.height} * item.width *
                                static_cast<std::uint64_t>(shape_.channels * shape_.bits / 8);
    if (bytes > pixel_bytes - offset) return false;
    offset += bytes;
    items_.push_back(item);
  }
  return offset == pixel_bytes;
}

void write_pack(const std::filesystem::path& path, std::uint64_t key, const PackShape& shape,
                std::int64_t count, const std::function<PackItem()>& next) {
  write_file_atomically(path, [&](FileWriter& file) {
    Header header;
    header.h = static_cast<std::uint32_t>(shape.height);
    header.w = static_cast<std::uint32_t>(shape.width);
    header.c = static_cast<std::uint32_t>(shape.channels);
    header.version = shape.bits == 16 ? kHashed + 1 : kHashed;
    header.key = key;
    file.write(&header, sizeof header);
    std::string index, names, first_problem;
    ContentHash content;
    for (std::int64_t i = 0; i < count; ++i) {
      const PackItem item = next();
      if (item.problem.empty()) {
        std::visit(
            [&](const auto& image) {
              const std::size_t level = sizeof image.data[0];
              if (image.channels != shape.channels || 8 * level != static_cast<std::size_t>(shape.bits) ||
                  (shape.height != 0 && (image.height != shape.height || image.width != shape.width)))
                fail("data " + item.name, "was packed with a wrong size (a bug in sumi)");
              file.write(image.data.data(), level * image.data.size());
              content.add(image.data.data(), level * image.data.size(), image.width, image.height);
              append(index, static_cast<std::uint32_t>(image.height));
              append(index, static_cast<std::uint32_t>(image.width));
            },
            item.image);
        ++header.count;
      } else {
        if (header.broken++ == 0) first_problem = item.problem;
        append(names, static_cast<std::uint32_t>(item.name.size()));
        names.append(item.name);
      }
    }
    if (header.count == 0)
      throw Error(fmt::format("{} (and none of the {} images can be read)", first_problem, count));
    std::string tail = index + names;
    const std::uint64_t of_content = content.value();
    tail.append(reinterpret_cast<const char*>(&of_content), sizeof of_content);
    header.tail_bytes = tail.size();
    Hash hash;
    hash.add(tail.data(), tail.size());
    header.tail_check = hash.value();
    header.check = check_of(header);
    file.write(tail);
    file.rewrite(0, &header, sizeof header);
  });
}

}  // namespace sumi::io
