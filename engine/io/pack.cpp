#include "engine/io/pack.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <limits>

#include "kernels/base/check.h"

namespace sumi::io {
namespace {

constexpr std::array<char, 8> kMagic{'S', 'U', 'M', 'I', 'P', 'A', 'C', 'K'};
constexpr std::uint32_t kVersion = 1;

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t h = 0, w = 0, c = 0;
  std::uint64_t count = 0, broken = 0, tail_bytes = 0;
  std::uint64_t key = 0;
  std::uint64_t tail_check = 0;  // of the names
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

}  // namespace

void Hash::add(const void* data, std::size_t bytes) {
  const auto* p = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < bytes; ++i) state_ = (state_ ^ p[i]) * 1099511628211ULL;
}

void Hash::add(const std::string& text) {
  add(static_cast<std::int64_t>(text.size()));
  add(text.data(), text.size());
}

std::optional<Pack> Pack::open(const std::filesystem::path& path, std::uint64_t key, const PackShape& shape) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  Pack pack;
  try {
    pack.file_ = MappedFile(path);
  } catch (const Error&) {
    return std::nullopt;  // not readable: build it anew, where a failure has a better place
  }
  Header header;
  const std::uint64_t size = pack.file_.size();
  if (size < sizeof header) return std::nullopt;
  std::memcpy(&header, pack.file_.data(), sizeof header);
  if (header.magic != kMagic || header.version != kVersion || header.check != check_of(header))
    return std::nullopt;
  pack.shape_ = {header.h, header.w, header.c};
  if (header.key != key || !(pack.shape_ == shape) || header.count == 0) return std::nullopt;
  const auto item = static_cast<std::uint64_t>(shape.bytes());
  if (item == 0 || header.count > (size - sizeof header) / item) return std::nullopt;
  const std::uint64_t tail = sizeof header + header.count * item;
  if (size - tail != header.tail_bytes) return std::nullopt;
  Hash hash;
  hash.add(pack.file_.data() + tail, header.tail_bytes);
  if (hash.value() != header.tail_check) return std::nullopt;
  if (!read_names(pack.file_.data() + tail, header.tail_bytes, header.broken, pack.broken_))
    return std::nullopt;
  pack.count_ = static_cast<std::int64_t>(header.count);
  pack.pixels_ = reinterpret_cast<const std::uint8_t*>(pack.file_.data()) + sizeof header;
  return pack;
}

void write_pack(const std::filesystem::path& path, std::uint64_t key, const PackShape& shape,
                std::int64_t count, const std::function<PackItem()>& next) {
  write_file_atomically(path, [&](FileWriter& file) {
    Header header;
    header.h = static_cast<std::uint32_t>(shape.height);
    header.w = static_cast<std::uint32_t>(shape.width);
    header.c = static_cast<std::uint32_t>(shape.channels);
    header.key = key;
    file.write(&header, sizeof header);
    std::string names, first_problem;
    for (std::int64_t i = 0; i < count; ++i) {
      const PackItem item = next();
      if (item.problem.empty()) {
        if (static_cast<std::int64_t>(item.pixels.size()) != shape.bytes())
          fail("data " + item.name, "was packed with a wrong size (a bug in sumi)");
        file.write(item.pixels.data(), item.pixels.size());
        ++header.count;
      } else {
        if (header.broken++ == 0) first_problem = item.problem;
        const auto length = static_cast<std::uint32_t>(item.name.size());
        names.append(reinterpret_cast<const char*>(&length), sizeof length).append(item.name);
      }
    }
    if (header.count == 0)
      throw Error(fmt::format("{} (and none of the {} pictures can be read)", first_problem, count));
    header.tail_bytes = names.size();
    Hash hash;
    hash.add(names.data(), names.size());
    header.tail_check = hash.value();
    header.check = check_of(header);
    file.write(names);
    file.rewrite(0, &header, sizeof header);
  });
}

}  // namespace sumi::io
