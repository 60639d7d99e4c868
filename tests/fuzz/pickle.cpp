// The pickle of a PyTorch file: every description of a tensor that the reader makes.
#include "engine/serialize/pickle.h"

#include <string_view>

#include "tests/fuzz/target.h"

using namespace sumi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::filesystem::path path = "input.pkl";
  fuzz::use_or_refuse(path, [&] {
    const Pickle pickle({reinterpret_cast<const char*>(data), size}, "weights " + path.string());
    fuzz::require(pickle.size() <= size, "a pickle ends inside its file");
    for (const PickledTensor& t : pickle.tensors()) {
      fuzz::require(t.shape.size() == t.strides.size(), "a stride for each dimension");
      fuzz::touch(t.name.data(), t.name.size());
      fuzz::touch(t.storage.data(), t.storage.size());
    }
  });
  return 0;
}
