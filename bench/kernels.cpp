// Times convolution kernels on the layers of DCGAN-64 (batch 16) and CycleGAN (batch 1, 128 pixels), one line
// per layer and direction: processor time of one thread, so that a busy machine disturbs little.
//   bench_kernels [WORD]   only the layers whose name contains WORD
#include <fmt/format.h>
#include <omp.h>

#include <string>
#include <vector>

#include "bench/clock.h"
#include "kernels/conv.h"

namespace sumi::bench {
namespace {

using kernels::ConvGeom;
using kernels::ConvOptions;

struct Layer {
  const char* name;
  std::int64_t n, h, w, c, k, r;
  int stride, pad;
};
// x [n,h,w,c]; a transposed convolution is listed as the convolution whose roles it exchanges.
constexpr Layer layers[] = {
    {"dcgan d1, g5", 16, 64, 64, 3, 64, 4, 2, 1},
    {"dcgan d2, g4", 16, 32, 32, 64, 128, 4, 2, 1},
    {"dcgan d3, g3", 16, 16, 16, 128, 256, 4, 2, 1},
    {"dcgan d4, g2", 16, 8, 8, 256, 512, 4, 2, 1},
    {"dcgan d5", 16, 4, 4, 512, 1, 4, 1, 0},
    {"dcgan g1", 16, 4, 4, 512, 100, 4, 1, 0},
    {"resnet first 7x7", 1, 134, 134, 3, 64, 7, 1, 0},
    {"resnet down 1, up 2", 1, 128, 128, 64, 128, 3, 2, 1},
    {"resnet down 2, up 1", 1, 64, 64, 128, 256, 3, 2, 1},
    {"resnet block", 1, 34, 34, 256, 256, 3, 1, 0},
    {"resnet block 256px", 1, 66, 66, 256, 256, 3, 1, 0},
    {"resnet last 7x7", 1, 134, 134, 64, 3, 7, 1, 0},
    {"patch 1", 1, 128, 128, 3, 64, 4, 2, 1},
    {"patch 2", 1, 64, 64, 64, 128, 4, 2, 1},
    {"patch 3", 1, 32, 32, 128, 256, 4, 2, 1},
    {"patch 4", 1, 16, 16, 256, 512, 4, 1, 1},
    {"patch 5", 1, 15, 15, 512, 1, 4, 1, 1},
};

struct Memory {
  std::vector<float> data;
  Shape shape;
  Memory(const Shape& s, unsigned seed) : data(static_cast<std::size_t>(s.count())), shape(s) {
    for (float& v : data) {
      seed = seed * 1664525U + 1013904223U;
      v = static_cast<float>(seed >> 8) / 8388608.0F - 1.0F;
    }
  }
  MutView view() { return {data.data(), DType::f32, shape, Device{Device::Kind::cpu}}; }
};

template <class Run>
void measure(const Layer& l, const char* direction, const ConvGeom& g, Run&& run) {
  Scratch scratch;
  KernelLog log;
  const Exec quiet{Device{Device::Kind::cpu}, &scratch}, logging{Device{Device::Kind::cpu}, &scratch, &log};
  run(logging);
  std::vector<double> times;
  double total = 0;
  while (times.size() < 7 || (total < 300 && times.size() < 200)) {
    times.push_back(cpu_ms([&] { run(quiet); }));
    total += times.back();
  }
  const double best = quantile(times, 0);
  fmt::print("{:<20} {:<6} {:<28} best {:8.3f} median {:8.3f} ms {:7.1f} GFLOP/s  {}\n", l.name, direction,
             g.str(), best, quantile(times, 0.5), 2e-6 * static_cast<double>(g.macs()) / best,
             log.empty() ? "" : log.front());
  std::fflush(stdout);
}

void measure_layer(const Layer& l) {
  const ConvGeom g = ConvGeom::make("bench", {l.n, l.h, l.w, l.c}, {l.k, l.r, l.r, l.c},
                                    ConvOptions::same_pads(l.stride, l.pad));
  Memory x(g.x_shape(), 1), w(g.w_shape(), 2), y(g.y_shape(), 3);
  measure(l, "fprop", g, [&](const Exec& e) { kernels::conv_fprop(e, g, x.view(), w.view(), {}, y.view()); });
  measure(l, "dgrad", g, [&](const Exec& e) { kernels::conv_dgrad(e, g, y.view(), w.view(), {}, x.view()); });
  measure(l, "wgrad", g,
          [&](const Exec& e) { kernels::conv_wgrad(e, g, x.view(), y.view(), w.view(), Write::overwrite); });
}

}  // namespace
}  // namespace sumi::bench

int main(int argc, char** argv) {
  if (argc > 2) {
    fmt::print(stderr, "usage: bench_kernels [WORD]\n");
    return 2;
  }
  const std::string word = argc == 2 ? argv[1] : "";
  omp_set_num_threads(1);
  for (const auto& layer : sumi::bench::layers)
    if (std::string(layer.name).find(word) != std::string::npos) sumi::bench::measure_layer(layer);
  return 0;
}
