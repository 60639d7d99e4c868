#include "engine/serialize/zip_writer.h"

#include <zlib.h>

#include <initializer_list>
#include <limits>
#include <utility>

#include "engine/serialize/element.h"
#include "kernels/base/check.h"

namespace sumi {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kDirectory = 0x02014b50, kEnd = 0x06054b50;
constexpr std::size_t kLocalBytes = 30, kFieldHeader = 4;
constexpr std::uint16_t kVersion = 10;            // stored entries, no folders
constexpr std::uint16_t kUtf8 = 0x0800;           // the flag for names
constexpr std::uint16_t kDate = 0x21, kTime = 0;  // 1980-01-01, so that equal networks give equal bytes
constexpr std::uint16_t kPadding = 0x4246;        // the extra field that torch.save aligns entries with

void put16(std::string& out, std::initializer_list<std::uint64_t> values) {
  for (const std::uint64_t value : values) append_little(out, value, 2);
}
void put32(std::string& out, std::initializer_list<std::uint64_t> values) {
  for (const std::uint64_t value : values) append_little(out, value, 4);
}

std::uint32_t crc32_of(const void* data, std::size_t bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, static_cast<const Bytef*>(data), bytes));
}

}  // namespace

std::uint32_t ZipWriter::checked(std::uint64_t value) const {
  if (value >= std::numeric_limits<std::uint32_t>::max())
    fail(where_, "would exceed the 4 GiB of this format; write a .safetensors file");
  return static_cast<std::uint32_t>(value);
}

void ZipWriter::add(const std::string& name, const void* data, std::size_t bytes) {
  const Entry entry{name, crc32_of(data, bytes), checked(bytes), checked(file_.written())};
  std::uint64_t begin = entry.offset + kLocalBytes + name.size();
  std::size_t extra = 0;
  if (begin % alignment_ != 0) {
    begin += kFieldHeader;
    extra = kFieldHeader + (alignment_ - begin % alignment_) % alignment_;
  }
  std::string header;
  put32(header, {kLocal});
  put16(header, {kVersion, kUtf8, 0, kTime, kDate});
  put32(header, {entry.crc, entry.bytes, entry.bytes});
  put16(header, {name.size(), extra});
  header += name;
  if (extra > 0) {
    put16(header, {kPadding, extra - kFieldHeader});
    header.append(extra - kFieldHeader, 'Z');
  }
  file_.write(header);
  file_.write(data, bytes);
  entries_.push_back(entry);
}

void ZipWriter::finish() {
  const std::uint32_t begin = checked(file_.written());
  std::string directory;
  for (const Entry& e : entries_) {
    put32(directory, {kDirectory});
    put16(directory, {kVersion, kVersion, kUtf8, 0, kTime, kDate});
    put32(directory, {e.crc, e.bytes, e.bytes});
    put16(directory, {e.name.size(), 0, 0, 0, 0});
    put32(directory, {0, e.offset});
    directory += e.name;
  }
  const std::uint32_t size = checked(directory.size());
  put32(directory, {kEnd});
  put16(directory, {0, 0, entries_.size(), entries_.size()});
  put32(directory, {size, begin});
  put16(directory, {0});
  if (entries_.size() >= 0xFFFF) fail(where_, "would have too many tensors for this format");
  file_.write(directory);
}

}  // namespace sumi
