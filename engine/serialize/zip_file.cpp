#include "engine/serialize/zip_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/error.h"

namespace sumi {
namespace {

constexpr std::uint64_t kMostEntries = 2'000'000;
constexpr const char* kDamaged = "the archive is damaged; download or copy it again";

// A little-endian number; 0 past the end, which callers exclude first.
template <class T>
T number_at(std::string_view bytes, std::uint64_t at) {
  T value{};
  if (at <= bytes.size() && sizeof(T) <= bytes.size() - at) std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

bool has_signature(std::string_view bytes, std::uint64_t at, const char (&signature)[5]) {
  return at <= bytes.size() && bytes.substr(at, 4) == std::string_view(signature, 4);
}

// Replaces sizes of 0xffffffff by those of the zip64 extra field, which holds only these, in this
// order.
void read_zip64(std::string_view extra, ZipEntry& entry) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const auto id = number_at<std::uint16_t>(extra, at), length = number_at<std::uint16_t>(extra, at + 2);
    const std::string_view field = extra.substr(at + 4, length);
    at += 4 + std::size_t{length};
    if (id != 1) continue;
    std::size_t next = 0;
    for (std::uint64_t* value : {&entry.size, &entry.stored, &entry.header}) {
      if (*value != 0xffffffffU || next + 8 > field.size()) continue;
      *value = number_at<std::uint64_t>(field, next);
      next += 8;
    }
  }
}

}  // namespace

ZipFile::ZipFile(std::string_view bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {
  const Directory directory = find_directory();
  const std::string_view list = bytes_.substr(directory.offset, directory.bytes);
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    ZipEntry entry = read_entry(list, at);
    if (!index_.emplace(entry.name, entries_.size()).second)
      fail(where_, fmt::format("has two entries named {}; {}", entry.name, kDamaged));
    entries_.push_back(std::move(entry));
  }
}

ZipFile::Directory ZipFile::find_directory() const {
  constexpr std::size_t kEnd = 22, kLongestComment = 65535;
  const std::size_t lowest = bytes_.size() - std::min(bytes_.size(), kEnd + kLongestComment);
  std::size_t end = bytes_.size() < kEnd ? 0 : bytes_.size() - kEnd + 1;
  while (end > lowest && !has_signature(bytes_, end - 1, "PK\5\6")) --end;
  if (end <= lowest)
    fail(where_, fmt::format("has no directory at its end: it is truncated, or {}", kDamaged));
  --end;
  Directory d{number_at<std::uint32_t>(bytes_, end + 16), number_at<std::uint32_t>(bytes_, end + 12),
              number_at<std::uint16_t>(bytes_, end + 10)};
  if (end >= 20 && has_signature(bytes_, end - 20, "PK\6\7")) {  // zip64
    const auto wide = number_at<std::uint64_t>(bytes_, end - 12);
    if (bytes_.size() < 56 || wide > bytes_.size() - 56 || !has_signature(bytes_, wide, "PK\6\6"))
      fail(where_, fmt::format("its zip64 directory is not where it says; {}", kDamaged));
    d = {number_at<std::uint64_t>(bytes_, wide + 48), number_at<std::uint64_t>(bytes_, wide + 40),
         number_at<std::uint64_t>(bytes_, wide + 32)};
  }
  if (d.offset > bytes_.size() || d.bytes > bytes_.size() - d.offset)
    fail(where_, fmt::format("its directory ends past the end of the file; {}", kDamaged));
  if (d.count > kMostEntries)
    fail(where_, fmt::format("has {} entries, the limit is {}", d.count, kMostEntries));
  return d;
}

ZipEntry ZipFile::read_entry(std::string_view list, std::size_t& at) const {
  constexpr std::size_t kFixed = 46;
  if (!has_signature(list, at, "PK\1\2") || list.size() - at < kFixed)
    fail(where_, fmt::format("its directory is cut short; {}", kDamaged));
  const std::size_t name = number_at<std::uint16_t>(list, at + 28),
                    extra = number_at<std::uint16_t>(list, at + 30),
                    comment = number_at<std::uint16_t>(list, at + 32);
  if (list.size() - at - kFixed < name + extra + comment)
    fail(where_, fmt::format("its directory is cut short; {}", kDamaged));
  ZipEntry entry;
  entry.encrypted = (number_at<std::uint16_t>(list, at + 8) & 1U) != 0;
  entry.method = number_at<std::uint16_t>(list, at + 10);
  entry.stored = number_at<std::uint32_t>(list, at + 20);
  entry.size = number_at<std::uint32_t>(list, at + 24);
  entry.header = number_at<std::uint32_t>(list, at + 42);
  entry.name = list.substr(at + kFixed, name);
  read_zip64(list.substr(at + kFixed + name, extra), entry);
  at += kFixed + name + extra + comment;
  return entry;
}

const ZipEntry* ZipFile::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

std::string_view ZipFile::raw(const ZipEntry& entry) const {
  constexpr std::uint64_t kFixed = 30;
  const auto bad = [&](const char* what) {
    fail(where_, fmt::format("its entry {} {}; {}", entry.name, what, kDamaged));
  };
  if (entry.header > bytes_.size() || bytes_.size() - entry.header < kFixed ||
      !has_signature(bytes_, entry.header, "PK\3\4"))
    bad("is not where the directory says");
  const std::uint64_t name = number_at<std::uint16_t>(bytes_, entry.header + 26),
                      extra = number_at<std::uint16_t>(bytes_, entry.header + 28),
                      left = bytes_.size() - entry.header - kFixed;
  if (name + extra > left || entry.stored > left - name - extra) bad("ends past the end of the file");
  if (bytes_.substr(entry.header + kFixed, name) != entry.name) bad("has another name in its own header");
  if (entry.encrypted) fail(where_, fmt::format("its entry {} is encrypted; unpack it first", entry.name));
  return bytes_.substr(entry.header + kFixed + name + extra, entry.stored);
}

std::string_view ZipFile::bytes(const ZipEntry& entry) const {
  if (entry.method != 0)
    fail(where_,
         fmt::format("its entry {} is compressed, which torch.save never does; pack it again with zip -0",
                     entry.name));
  if (entry.stored != entry.size)
    fail(where_, fmt::format("its entry {} has {} bytes instead of {}; {}", entry.name, entry.stored,
                             entry.size, kDamaged));
  return raw(entry);
}

std::string ZipFile::unpacked(const ZipEntry& entry, std::uint64_t most) const {
  if (entry.size > most)
    fail(where_,
         fmt::format("its entry {} would have {} bytes, the limit is {}", entry.name, entry.size, most));
  if (entry.method == 0) return std::string(bytes(entry));
  const std::string_view packed = raw(entry);
  constexpr std::uint64_t kBestRatio = 1032;  // of deflate
  if (entry.method != 8 || entry.size / kBestRatio > packed.size() ||
      entry.size > std::numeric_limits<uInt>::max() || packed.size() > std::numeric_limits<uInt>::max())
    fail(where_,
         fmt::format("its entry {} is compressed in a way that sumi does not read; pack it again with zip",
                     entry.name));
  std::string result(entry.size, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const bool ready = inflateInit2(&stream, -MAX_WBITS) == Z_OK;  // raw deflate data
  const bool whole = ready && inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
  if (ready) inflateEnd(&stream);
  if (!whole) fail(where_, fmt::format("its entry {} cannot be decompressed; {}", entry.name, kDamaged));
  return result;
}

}  // namespace sumi
