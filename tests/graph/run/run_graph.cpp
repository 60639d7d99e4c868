// run_graph MODEL HEIGHT WIDTH INPUT OUTPUT [--nchw|--nhwc] [--multiple N] [--device NAME]
//           [--plan] [NAME=v,v,...]...
//
// Runs an imported network on one image: INPUT and OUTPUT hold floats [h,w,c] in the network's own
// numbers. For comparisons with other runtimes (tests/graph/*.py).
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/autograd.h"
#include "engine/graph/network.h"
#include "engine/graph/open.h"
#include "engine/runtime/device.h"

namespace {

std::vector<float> read_floats(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string bytes = text.str();
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

struct Arguments {
  std::string model, input, output, device = "cpu";
  long height = 0, width = 0;
  bool plan = false;
  sumi::graph::ImageFormat format;
  std::map<std::string, sumi::graph::ConstantPtr> given;
};

Arguments parse(int argc, char** argv) {
  if (argc < 6) sumi::fail("run_graph", "MODEL HEIGHT WIDTH INPUT OUTPUT are missing");
  Arguments a;
  a.model = argv[1], a.height = std::stol(argv[2]), a.width = std::stol(argv[3]), a.input = argv[4],
  a.output = argv[5];
  a.format.range = sumi::graph::ValueRange{-1, 1};
  a.format.bgr = false;
  for (int i = 6; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--nchw")
      a.format.layout = sumi::graph::Layout::nchw;
    else if (word == "--nhwc")
      a.format.layout = sumi::graph::Layout::nhwc;
    else if (word == "--plan")
      a.plan = true;
    else if (word == "--multiple")
      a.format.multiple = std::stoi(argv[++i]);
    else if (word == "--device")
      a.device = argv[++i];
    else {
      std::vector<float> values;
      std::istringstream list(word.substr(word.find('=') + 1));
      for (std::string number; std::getline(list, number, ',');) values.push_back(std::stof(number));
      const auto count = static_cast<std::int64_t>(values.size());
      a.given[word.substr(0, word.find('='))] =
          std::make_shared<const sumi::graph::Constant>(sumi::graph::Constant::of_reals(values, {count}));
    }
  }
  return a;
}

void run(const Arguments& a) {
  using Clock = std::chrono::steady_clock;
  const sumi::NoGrad no_grad;
  const auto start = Clock::now();
  const auto graph = std::make_shared<const sumi::graph::Graph>(sumi::graph::read_network(a.model));
  const auto read = Clock::now();
  const sumi::Device device = sumi::parse_device(a.device);
  sumi::graph::Network network(graph, a.format, a.given, device, sumi::DType::f32);
  const auto made = Clock::now();
  const auto& t = network.traits();
  const auto ms = [](auto d) { return std::chrono::duration<double, std::milli>(d).count(); };
  std::fprintf(stderr,
               "family '%s' %s multiple %d smallest %d range %g..%g -> %g..%g bgr %d enlargement %d margin "
               "%d; read "
               "%.1f ms, made %.1f ms\n",
               t.family.c_str(), t.nchw ? "NCHW" : "NHWC", t.multiple, t.smallest_side, t.range.black,
               t.range.white, t.output_range.black, t.output_range.white, t.bgr, t.enlargement, t.margin,
               ms(read - start), ms(made - read));
  const auto& plan = network.plan(a.height, a.width);
  std::map<int, int> kinds;
  for (const auto& step : plan.steps) ++kinds[static_cast<int>(step.kind)];
  std::fprintf(stderr, "plan of %zu steps:", plan.steps.size());
  for (const auto& [kind, count] : kinds) std::fprintf(stderr, " %d:%d", kind, count);
  std::fprintf(stderr, "\n");
  if (a.plan)
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const auto& s = plan.steps[i];
      std::fprintf(stderr, "%zu kind %d act %d pad %d %s  %s <-", i, static_cast<int>(s.kind),
                   static_cast<int>(s.act), s.pad.top, s.shape.str().c_str(), s.name.c_str());
      for (const int input : s.inputs) std::fprintf(stderr, " %d", input);
      std::fprintf(stderr, "\n");
    }
  const sumi::Tensor x =
      sumi::Tensor::from(read_floats(a.input), {1, a.height, a.width, t.channels}, sumi::DType::f32, device);
  const sumi::PadGeom border{sumi::PadMode::replicate, t.margin, t.margin, t.margin, t.margin};
  const std::vector<float> y =
      sumi::graph::run(plan, border.any() ? sumi::pad2d(x, border) : x).to_vector<float>();
  std::ofstream(a.output, std::ios::binary)
      .write(reinterpret_cast<const char*>(y.data()), static_cast<std::streamsize>(y.size() * sizeof(float)));
}

}  // namespace

int main(int argc, char** argv) try {
  run(parse(argc, argv));
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
