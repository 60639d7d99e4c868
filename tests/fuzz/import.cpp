// Imported weights for a small network.
#include <stdexcept>

#include "models/inference/weight_import.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/settings.h"
#include "tests/fuzz/target.h"

using namespace sumi;

namespace {

TrainOptions tiny() {
  TrainOptions o = default_options("dcgan");
  o.size = 8;
  o.nz = o.ngf = o.ndf = 2;
  o.channels = 1;
  return o;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file;
  static const std::unique_ptr<Model> model = make_model(tiny());
  const auto& path = file.put(data, size);
  for (const char* net : {"", "g"})
    fuzz::use_or_refuse(path, [&] {
      try {
        take_weights(WeightFile(path), path.string(), net, model->networks());
        fuzz::require(model->first_nonfinite().empty(), "numbers");
      } catch (const std::invalid_argument&) {  // --net is missing
      }
    });
  return 0;
}
