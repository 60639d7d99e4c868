// Zip archives of uncompressed entries, as torch.save and Keras write them.
// Specification: PKWARE's APPNOTE.TXT, 6.3.3; without its 64-bit extensions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/serialize/file.h"

namespace sumi {

// Writes entries one after the other; the data of each begins at a multiple of `alignment` bytes.
class ZipWriter {
 public:
  // `where` is the prefix of errors: "write g.pth".
  ZipWriter(FileWriter& file, std::string where, std::size_t alignment)
      : file_(file), where_(std::move(where)), alignment_(alignment) {}
  // Throws Error if the archive would exceed the format's 4 GiB.
  void add(const std::string& name, const void* data, std::size_t bytes);
  void add(const std::string& name, std::string_view text) { add(name, text.data(), text.size()); }
  // Writes the directory. Nothing may be added afterwards.
  void finish();

 private:
  struct Entry {
    std::string name;
    std::uint32_t crc, bytes, offset;
  };
  std::uint32_t checked(std::uint64_t value) const;

  FileWriter& file_;
  std::string where_;
  std::size_t alignment_;
  std::vector<Entry> entries_;
};

}  // namespace sumi
