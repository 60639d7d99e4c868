// A checkpoint: every tensor, its options and state are read, and the model that it describes is
// created and loaded.
#include "engine/serialize/checkpoint.h"

#include "engine/serialize/safetensors.h"
#include "models/model.h"
#include "models/training/checkpoint_metadata.h"
#include "tests/fuzz/target.h"

using namespace sumi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file;
  const auto& path = file.put(data, size);
  fuzz::use_or_refuse(path, [&] {
    const SafetensorsFile raw = SafetensorsFile::open(path);
    for (const auto& [name, t] : raw.tensors()) {
      fuzz::touch(t.data, t.bytes);
      fuzz::require(raw.find(name) == &t, "a tensor is found by its name");
    }
    const CheckpointFile checkpoint(path);
    for (const CheckpointFile::Entry& entry : checkpoint.entries())
      fuzz::use_or_refuse(
          path, [&] { checkpoint.load(entry.name, Tensor::empty(entry.shape, DType::f32, Device{})); });
    fuzz::use_or_refuse(path, [&] { stored_state(checkpoint); });
    fuzz::use_or_refuse(path, [&] {
      const auto model = load_model(checkpoint, nullptr, "cpu");
      model->load(checkpoint, true);  // as resume does
    });
  });
  return 0;
}
