// ONNX networks: read, lowered for a small image, and run if they are small.
#include <memory>
#include <string>

#include "engine/autograd.h"
#include "engine/graph/network.h"
#include "engine/graph/onnx.h"
#include "engine/runtime/device.h"
#include "tests/fuzz/target.h"

using namespace sumi;

namespace {

void lower_and_run(const graph::Graph& read) {
  graph::ImageFormat format;
  format.multiple = 8;
  const Device device = parse_device("cpu");
  graph::Network network(std::make_shared<const graph::Graph>(read), format, {}, device, DType::f32);
  double elements = 0;
  for (const graph::Step& step : network.plan(16, 16).steps) elements += double(step.shape.count());
  if (elements < 1e6)
    (void)network(Tensor::full({1, 16, 16, network.traits().channels}, 0.5, DType::f32, device));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  fuzz::use_or_refuse("fuzzed.onnx", [&] {
    const graph::Graph read = graph::parse_onnx(bytes, "fuzzed.onnx", {});
    try {
      lower_and_run(read);
    } catch (const Error& error) {  // it names the node instead of the file
      fuzz::require(std::string(error.what()).find('\n') == std::string::npos, "one line");
    }
  });
  return 0;
}
