// A --config file for each model.
#include "models/options/options.h"
#include "models/registry.h"
#include "models/settings.h"
#include "tests/fuzz/target.h"

using namespace sumi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file;
  const auto& path = file.put(data, size);
  for (const ModelSpec* spec : model_specs()) {
    const ModelSpec& info = *spec;
    TrainOptions options = default_options(info.name);
    bool read = false;
    fuzz::use_or_refuse(path, [&] {
      update_from_config(options, path.string());
      read = true;
    });
    if (!read) continue;
    try {
      validate(options);
    } catch (const Error&) {  // names the option: which file it came from, the program says
    }
  }
  return 0;
}
