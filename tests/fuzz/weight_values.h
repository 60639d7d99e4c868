// What the targets of weight files do with a file.
#pragma once

#include <filesystem>

#include "engine/serialize/weight_file.h"
#include "tests/fuzz/target.h"

namespace fuzz {

// Reads all values of all tensors of every dictionary. Tensors are views of the file and repeat
// nothing, so none has more values than the file has bytes.
inline void read_weights(const std::filesystem::path& path, std::size_t size) {
  sumi::WeightFile weights(path);
  for (const std::string& dictionary : weights.dictionaries()) {
    weights.choose(dictionary);
    for (const sumi::WeightFile::Entry& entry : weights.entries()) {
      const auto values = weights.values(entry.name);
      touch(values.data(), values.size() * sizeof(double));
      require(values.size() <= size, "no more values than bytes");
    }
  }
}

}  // namespace fuzz
