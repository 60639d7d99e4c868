#include "tests/fuzz/network.h"

#include <memory>
#include <string>

#include "engine/autograd.h"
#include "engine/graph/network.h"
#include "engine/runtime/device.h"
#include "tests/fuzz/target.h"

using namespace sumi;

void fuzz::lower_and_run(const graph::Graph& read) {
  try {
    graph::ImageFormat format;
    format.multiple = 8;
    const Device device = parse_device("cpu");
    graph::Network network(std::make_shared<const graph::Graph>(read), format, {}, device, DType::f32);
    double elements = 0;
    for (const graph::Step& step : network.plan(16, 16).steps) elements += double(step.shape.count());
    if (elements < 1e6)
      (void)network(Tensor::full({1, 16, 16, network.traits().channels}, 0.5, DType::f32, device));
  } catch (const Error& error) {  // it names the node instead of the file
    require(std::string(error.what()).find('\n') == std::string::npos, "one line");
  }
}
