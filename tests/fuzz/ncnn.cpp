// ncnn networks: the text of layers up to the first zero byte, the weights after it; lowered for a
// small image, and run if they are small.
#include "engine/graph/ncnn.h"

#include <string>

#include "tests/fuzz/network.h"
#include "tests/fuzz/target.h"

using namespace sumi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view param = bytes.substr(0, bytes.find('\0'));
  const std::string_view bin = bytes.substr(std::min(bytes.size(), param.size() + 1));
  fuzz::use_or_refuse("fuzzed.param",
                      [&] { fuzz::lower_and_run(graph::parse_ncnn(param, bin, "fuzzed.param")); });
  return 0;
}
