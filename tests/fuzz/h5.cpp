// A file of weights that Keras saves, HDF5: all values of all tensors.
#include "engine/serialize/weight_file.h"
#include "tests/fuzz/target.h"

using namespace sumi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file;
  const auto& path = file.put(data, size);
  fuzz::use_or_refuse(path, [&] {
    WeightFile weights(path);
    for (const std::string& dictionary : weights.dictionaries()) {
      weights.choose(dictionary);
      for (const WeightFile::Entry& entry : weights.entries()) {
        const auto values = weights.values(entry.name);
        fuzz::touch(values.data(), values.size() * sizeof(double));
        // Values lie in the file.
        fuzz::require(values.size() <= size, "no more values than bytes");
      }
    }
  });
  return 0;
}
