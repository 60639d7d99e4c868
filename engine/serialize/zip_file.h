// Zip archives in memory: the directory, and the bytes of entries. Specification: PKWARE's
// APPNOTE.TXT. Written here, not with libzip, because weights are read from the mapped file without
// a copy, and a library does not say where an entry's bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sumi {

struct ZipEntry {
  std::string name;
  std::uint64_t header = 0;  // offset of the local header
  std::uint64_t stored = 0;  // bytes in the archive
  std::uint64_t size = 0;    // bytes when unpacked
  std::uint16_t method = 0;  // 0: stored, 8: deflated
  bool encrypted = false;
};

class ZipFile {
 public:
  // Reads the directory, zip64 included; the bytes must outlive this object. Throws Error
  // "[where] ..." for a directory that is damaged, names an entry twice or has more than two
  // million.
  ZipFile(std::string_view bytes, std::string where);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  const ZipEntry* find(const std::string& name) const;  // null: absent
  // The entry's bytes inside the archive. Throws Error if it is compressed or damaged.
  std::string_view bytes(const ZipEntry& entry) const;
  // The entry's bytes, decompressed if necessary. Throws Error for more than `most` bytes.
  std::string unpacked(const ZipEntry& entry, std::uint64_t most) const;

 private:
  struct Directory {
    std::uint64_t offset, bytes, count;
  };
  Directory find_directory() const;
  ZipEntry read_entry(std::string_view directory, std::size_t& at) const;
  // The entry's bytes in the archive, as they are.
  std::string_view raw(const ZipEntry& entry) const;

  std::string_view bytes_;
  std::string where_;
  std::vector<ZipEntry> entries_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace sumi
