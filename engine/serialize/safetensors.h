// The safetensors file format: 8 bytes of header length (little-endian), a JSON header, the
// tensors' bytes. Specification: https://github.com/huggingface/safetensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/serialize/file.h"

namespace sumi {

// The size in bytes of one element of a safetensors dtype ("F32" -> 4), 0 for an unknown name.
std::size_t safetensors_dtype_size(std::string_view dtype);

struct StoredTensor {
  std::string dtype;                // "F32" "F64" "F16" "BF16" "I64" "U8" "BOOL" ...
  std::vector<std::int64_t> shape;  // [] is a scalar; sizes may be 0
  const std::byte* data = nullptr;  // in the mapped file; element-aligned in files written by sumi
  std::size_t bytes = 0;            // product of shape times element size, checked
};

// A memory-mapped safetensors file: tensors are read from disk on access.
class SafetensorsFile {
 public:
  // Validates the whole header. Throws Error "[checkpoint PATH] ..." for a file that is truncated,
  // damaged or of another format; nothing of such a file is used.
  static SafetensorsFile open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // In the order of their bytes in the file.
  const std::vector<std::pair<std::string, StoredTensor>>& tensors() const { return tensors_; }
  // Returns null if there is no tensor of that name. Valid while this object lives.
  const StoredTensor* find(const std::string& name) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::pair<std::string, StoredTensor>> tensors_;
  std::unordered_map<std::string, std::size_t> index_;
};

// Collects tensors, then writes them at once. It keeps the pointers: the data must live until
// write() returns. The data starts at a multiple of 8 and wider types come first, so every tensor
// is aligned to its element size without gaps, which official readers reject. Tensors of equal
// width keep the order of add().
class SafetensorsWriter {
 public:
  // Throws Error for an unknown dtype, a duplicate name, or a byte count that does not match the
  // shape.
  void add(const std::string& name, const std::string& dtype, std::vector<std::int64_t> shape,
           const void* data, std::size_t bytes);
  void set_metadata(const std::string& key, const std::string& value) { metadata_[key] = value; }
  // Atomic: the file is either complete or unchanged. Equal calls give equal bytes.
  void write(const std::filesystem::path& path) const;

 private:
  std::map<std::string, std::string> metadata_;
  std::vector<std::pair<std::string, StoredTensor>> tensors_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace sumi
