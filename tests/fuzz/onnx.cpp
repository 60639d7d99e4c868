// ONNX networks: read, lowered for a small image, and run if they are small.
#include "engine/graph/onnx.h"

#include <string>

#include "tests/fuzz/network.h"
#include "tests/fuzz/target.h"

using namespace sumi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  fuzz::use_or_refuse("fuzzed.onnx",
                      [&] { fuzz::lower_and_run(graph::parse_onnx(bytes, "fuzzed.onnx", {})); });
  return 0;
}
