// The safetensors file format: 8 bytes of header length (little-endian), a JSON header, the tensors' bytes.
// https://github.com/huggingface/safetensors describes it.
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

// Bytes of one element of a safetensors dtype ("F32" -> 4), 0 for a name that we do not know.
std::size_t safetensors_dtype_size(std::string_view dtype);

struct StoredTensor {
  std::string dtype;                // "F32" "F64" "F16" "BF16" "I64" "U8" "BOOL" ...
  std::vector<std::int64_t> shape;  // [] is a scalar; sizes may be 0
  const std::byte* data =
      nullptr;  // inside the mapped file; aligned to the element in our own files, maybe not in others'
  std::size_t bytes = 0;  // product of shape times element size, checked
};

// A safetensors file, mapped into memory: tensors are read from disk when they are touched.
class SafetensorsFile {
 public:
  // Checks everything in the header before it returns. Error "[checkpoint PATH] ..." for a file that is
  // truncated, damaged or something else; nothing of such a file is used.
  static SafetensorsFile open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // In the order of their bytes in the file.
  const std::vector<std::pair<std::string, StoredTensor>>& tensors() const { return tensors_; }
  // Null if there is none of that name. Valid as long as this object.
  const StoredTensor* find(const std::string& name) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::pair<std::string, StoredTensor>> tensors_;
  std::unordered_map<std::string, std::size_t> index_;
};

// Collects tensors, then writes them at once. It keeps the pointers: the data must live until write()
// returns. The data part starts at a multiple of 8 and wider types come first, so every tensor is aligned to
// its element without holes, which official readers refuse. Among equals the order is that of add().
class SafetensorsWriter {
 public:
  // Error for an unknown dtype, a second tensor of one name, or bytes that do not fit the shape.
  void add(const std::string& name, const std::string& dtype, std::vector<std::int64_t> shape,
           const void* data, std::size_t bytes);
  void set_metadata(const std::string& key, const std::string& value) { metadata_[key] = value; }
  // Atomic: the file is whole or the old one stays. The same calls give the same bytes.
  void write(const std::filesystem::path& path) const;

 private:
  std::map<std::string, std::string> metadata_;
  std::vector<std::pair<std::string, StoredTensor>> tensors_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace sumi
