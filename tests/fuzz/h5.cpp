// A file of weights that Keras saves, HDF5: all values of all tensors.
#include "tests/fuzz/weight_values.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file;
  const auto& path = file.put(data, size);
  fuzz::use_or_refuse(path, [&] { fuzz::read_weights(path, size); });
  return 0;
}
