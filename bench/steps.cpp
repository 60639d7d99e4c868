// Times a whole workload and prints one JSON line. The same workloads in PyTorch:
// peers/torch_steps.py.
//   bench_steps CASE [--device cpu|cuda|emu] [--precision NAME] [--threads N] [--seconds S]
//               [--no-graph] [--ops]
// CASE may be FILE.onnx:HEIGHTxWIDTH, a network of another program on one image (as in
// peers/onnx_file.py).
// On a CUDA device a time ends when the device has finished, and memory is the pool's and the
// kernels' scratch memory, not the process's. --ops prints the distribution of time instead:
// seconds by op and shapes, of three runs.
#include <cuda_runtime.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>

#include "bench/clock.h"
#include "engine/graph/network.h"
#include "engine/graph/open.h"
#include "engine/runtime/device.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/trace.h"
#include "kernels/base/launch.h"
#include "models/cyclegan.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/networks/anime_generator.h"
#include "models/networks/translation_networks.h"
#include "models/settings.h"

namespace sumi {
namespace {

struct Settings {
  std::string name, device = "cpu", precision = "auto";
  int threads = 2;
  double seconds = 10;
  bool no_graph = false;
  bool ops = false;
};

// Creates the model and returns one unit of work.
using Workload = std::function<void()>;

Tensor images(const Shape& shape, const Settings& s) {
  RandomStream stream(1, 1);
  return tanh(stream.normal(shape, DType::f32, parse_device(s.device)));
}

TrainOptions options(const char* model, int size, int batch, const Settings& s) {
  TrainOptions o = default_options(model);
  o.size = size;
  o.batch_size = batch;
  o.threads = s.threads;
  o.device = s.device;
  o.precision = s.precision;
  o.no_cuda_graph = s.no_graph;
  return o;
}

// ngf and ndf equal the image size: 64 as in the paper.
Workload dcgan(int size, int batch, const Settings& s) {
  TrainOptions o = options("dcgan", size, batch, s);
  o.ngf = o.ndf = size;
  const std::shared_ptr<Model> model = make_model(o);
  return [model, real = images({batch, size, size, 3}, s)] { model->train_step_async({real}, 0); };
}

// Images of each domain; ngf 64, 9 residual blocks.
Workload cyclegan(int size, int batch, const Settings& s) {
  TrainOptions o = options("cyclegan", size, batch, s);
  o.group<CycleGanOptions>().pool_size = 0;  // the baseline has no image pool, which costs nothing
  const std::shared_ptr<Model> model = make_model(o);
  return [model, a = images({batch, size, size, 3}, s), b = images({batch, size, size, 3}, s)] {
    model->train_step_async({a, b}, 0);
  };
}

// A network alone, as `sumi convert` runs it.
Workload inference(const std::shared_ptr<Module>& net, int size, int batch, const Settings& s) {
  RandomStream stream(1, 2);
  initialize(*net, {}, stream);
  net->set_training(false);
  net->set_activations(parse_precision(s.precision, parse_device(s.device)).activations);
  return [net, x = images({batch, size, size, 3}, s)] {
    const NoGrad no_grad;
    (*net)(x);
  };
}

Workload resnet(int size, int batch, const Settings& s) {
  TrainOptions o;
  o.n_blocks = 9;
  o.device = s.device;
  return inference(resnet_generator(o), size, batch, s);
}

Workload anime(int size, int batch, const Settings& s) {
  return inference(anime_generator(DType::f32, parse_device(s.device)), size, batch, s);
}

// Cases are named NETWORK, SIZE and, after a b, the batch size: dcgan64b16.
struct Case {
  std::string_view name;
  Workload (*make)(int size, int batch, const Settings&);
  int usual_batch;
};
constexpr Case cases[] = {
    {"dcgan", dcgan, 16}, {"cyclegan", cyclegan, 1}, {"resnet", resnet, 1}, {"anime", anime, 1}};

[[noreturn]] void usage(const std::string& problem) {
  fmt::print(stderr,
             "bench_steps: {}\nusage: bench_steps dcgan|cyclegan|resnet|animeSIZE[bBATCH]|FILE.onnx:HxW "
             "[--device cpu|cuda|emu] "
             "[--precision NAME] [--threads N] [--seconds S] [--no-graph] [--ops]\n",
             problem);
  std::exit(2);
}

// Parses a size or a batch at the start of `text` and removes it; returns 0 if there is none.
int leading_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 1 || value > 1 << 16) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// Inference of a network file, as `sumi convert` runs it.
Workload imported(const Settings& s, std::size_t colon) {
  std::string_view size = std::string_view(s.name).substr(colon + 1);
  const int height = leading_number(size);
  if (size.starts_with("x")) size.remove_prefix(1);
  const int width = leading_number(size);
  if (height == 0 || width == 0 || !size.empty()) usage("no size HEIGHTxWIDTH in " + s.name);
  const Device device = parse_device(s.device);
  const Precision precision = parse_precision(s.precision, device);
  const auto read = std::make_shared<const graph::Graph>(graph::read_network(s.name.substr(0, colon)));
  const auto network = std::make_shared<graph::Network>(
      read, graph::ImageFormat{}, std::map<std::string, graph::ConstantPtr>{}, device, precision.dtype);
  network->set_activations(precision.activations);
  return [network, x = images({1, height, width, network->traits().channels}, s)] { (*network)(x); };
}

Workload make_work(const Settings& s) {
  if (const std::size_t colon = s.name.rfind(':'); colon != std::string::npos) return imported(s, colon);
  for (const Case& c : cases) {
    std::string_view rest = s.name;
    if (!rest.starts_with(c.name)) continue;
    rest.remove_prefix(c.name.size());
    const int size = leading_number(rest);
    int batch = c.usual_batch;
    if (rest.starts_with("b")) {
      rest.remove_prefix(1);
      batch = leading_number(rest);
    }
    if (size > 0 && batch > 0 && rest.empty()) return c.make(size, batch, s);
  }
  usage(s.name.empty() ? "no case given" : "no case " + s.name);
}

double number(const char* option, const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value > 0))
    usage(fmt::format("{} {}: not a positive number", option, text));
  return value;
}

Settings parse(int argc, char** argv) {
  Settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool option =
        word == "--threads" || word == "--seconds" || word == "--device" || word == "--precision";
    if (option && i + 1 == argc) usage(fmt::format("{} needs a value", word));
    if (word == "--threads")
      s.threads = static_cast<int>(number("--threads", argv[++i]));
    else if (word == "--seconds")
      s.seconds = number("--seconds", argv[++i]);
    else if (word == "--device")
      s.device = argv[++i];
    else if (word == "--precision")
      s.precision = argv[++i];
    else if (word == "--no-graph")
      s.no_graph = true;
    else if (word == "--ops")
      s.ops = true;
    else if (word.starts_with("-") || !s.name.empty())
      usage(fmt::format("unknown argument {}", word));
    else
      s.name = word;
  }
  return s;
}

void print_ops(const Workload& workload) {
  constexpr int runs = 3;
  const Trace trace;
  for (int i = 0; i < runs; ++i) workload();
  std::map<std::string, std::pair<double, int>> sums;
  double total = 0;
  for (const OpRecord& r : trace.records) {
    std::string key = fmt::format("{:<28} {}", r.op, r.inputs.empty() ? "" : r.inputs[0].str());
    if (r.inputs.size() > 1) key += " " + r.inputs[1].str();
    key += " -> " + r.output.str();
    for (const std::string& kernel : r.kernels) key += ", " + kernel;
    sums[key].first += r.seconds;
    ++sums[key].second;
    total += r.seconds;
  }
  std::vector<std::pair<double, std::string>> rows;
  for (const auto& [key, sum] : sums)
    rows.emplace_back(sum.first, fmt::format("{:8.2f} ms {:5.1f} % {:4} times  {}", 1e3 * sum.first / runs,
                                             100 * sum.first / total, sum.second / runs, key));
  std::sort(rows.rbegin(), rows.rend());
  for (const auto& row : rows) fmt::print("{}\n", row.second);
  fmt::print("{:8.2f} ms in all\n", 1e3 * total / runs);
}

// Bytes held now, and the peak.
struct Held {
  std::int64_t now, peak;
};
Held held(const Device& device) {
  if (device.on_host()) return {bench::status_bytes("VmRSS"), bench::status_bytes("VmHWM")};
  const PoolStats stats = Pool::of(device).stats();
  const std::size_t scratch = exec_on(device).scratch->size();  // grows only
  return {static_cast<std::int64_t>(stats.in_use + scratch),
          static_cast<std::int64_t>(stats.peak_in_use + scratch)};
}

// Runs `workload` and waits for its work on the device.
Workload to_the_end(const Workload& workload, const Device& device) {
  if (device.on_host()) return workload;
  return [workload] {
    workload();
    SUMI_CUDA_CALL(cudaDeviceSynchronize());
  };
}

void run(const Settings& s) {
  const Device device = parse_device(s.device);
  set_threads(s.threads);
  set_multiply(parse_precision(s.precision, device).multiply);
  const std::int64_t at_start = held(device).now;
  const Workload workload = to_the_end(make_work(s), device);
  const std::int64_t at_first_step = held(device).now;
  // The first runs fill caches and create primitives; on a CUDA device the third is captured.
  // Workloads of minutes run twice.
  const double first_ms = bench::time_ms(workload);
  const bool is_long = device.on_host() && first_ms > 10e3 * s.seconds;
  for (int i = 1; !is_long && i < (device.on_host() ? 2 : 4); ++i) workload();
  if (s.ops) return print_ops(workload);
  std::vector<double> times, cpu_times;
  double total = 0;
  while (total < 1000 * s.seconds || times.size() < (is_long ? 1 : 3)) {
    cpu_times.push_back(bench::cpu_ms([&] { times.push_back(bench::time_ms(workload)); }));
    total += times.back();
  }
  const std::int64_t peak = held(device).peak;
  fmt::print(
      "{{\"case\": \"{}\", \"library\": \"sumi\", \"setting\": \"{}\", \"precision\": \"{}\", \"threads\": "
      "{}, "
      "\"runs\": {}, "
      "\"median_ms\": {:.3f}, \"cpu_ms\": {:.3f}, \"mean_ms\": {:.3f}, \"mean_cpu_ms\": {:.3f}, \"p10_ms\": "
      "{:.3f}, \"p90_ms\": {:.3f}, "
      "\"peak_over_first_step\": {}, "
      "\"peak_over_start\": {}}}\n",
      s.name, compute_signature(device), resolved_precision(s.precision, device), s.threads, times.size(),
      bench::quantile(times, 0.5), bench::quantile(cpu_times, 0.5), bench::mean(times),
      bench::mean(cpu_times), bench::quantile(times, 0.1), bench::quantile(times, 0.9), peak - at_first_step,
      peak - at_start);
}

}  // namespace
}  // namespace sumi

int main(int argc, char** argv) {
  try {
    sumi::run(sumi::parse(argc, argv));
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_steps: {}\n", e.what());
    return 1;
  }
  return 0;
}
