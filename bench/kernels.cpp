// Times convolution on the layers of DCGAN-64 (batch 16) and CycleGAN (batch 1, 128 pixels), a matrix product, and kernels
// that only move memory, one line each.
//   bench_kernels [WORD] [--device cpu|cuda|emu]   only the lines whose name contains WORD
// On the CPU processor time of one thread, on a GPU time between events. Memory-bound kernels are compared with the
// rate at which the device streams memory, counting bytes read and bytes written.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "bench/line.h"
#include "bench/memory.h"
#include "kernels/conv.h"
#include "kernels/gemm.h"

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
    {"anime last 7x7", 1, 262, 262, 64, 32, 7, 1, 0},
    {"anime 3x3", 1, 258, 258, 64, 64, 3, 1, 0},
    {"anime 1x1", 1, 128, 128, 256, 512, 1, 1, 0},
    {"patch 1", 1, 128, 128, 3, 64, 4, 2, 1},
    {"patch 2", 1, 64, 64, 64, 128, 4, 2, 1},
    {"patch 3", 1, 32, 32, 128, 256, 4, 2, 1},
    {"patch 4", 1, 16, 16, 256, 512, 4, 1, 1},
    {"patch 5", 1, 15, 15, 512, 1, 4, 1, 1},
};

void measure_layer(Target& target, const Layer& l) {
  const ConvGeom g = ConvGeom::make("bench", {l.n, l.h, l.w, l.c}, {l.k, l.r, l.r, l.c},
                                    ConvOptions::same_pads(l.stride, l.pad));
  const Operand x(target, g.x_shape(), 1), w(target, g.w_shape(), 2), y(target, g.y_shape(), 3);
  const Rate rate{2e-6 * static_cast<double>(g.macs()), "GFLOP/s"};
  measure(target, l.name, "fprop", g.str(), rate,
          [&](const Exec& e) { kernels::conv_fprop(e, g, x.view(), w.view(), {}, y.view()); });
  measure(target, l.name, "dgrad", g.str(), rate,
          [&](const Exec& e) { kernels::conv_dgrad(e, g, y.view(), w.view(), {}, x.view()); });
  measure(target, l.name, "wgrad", g.str(), rate,
          [&](const Exec& e) { kernels::conv_wgrad(e, g, x.view(), y.view(), w.view(), Write::overwrite); });
}

void measure_gemm(Target& target) {
  const std::int64_t side = target.emulated() ? 64 : target.on_host() ? 1024 : 4096;
  const kernels::GemmGeom g{.m = side, .n = side, .k = side};
  const Shape square{side, 1, 1, side};
  const Operand a(target, square, 1), b(target, square, 2), y(target, square, 3);
  const double flop = 2.0 * static_cast<double>(side * side) * static_cast<double>(side);
  measure(target, "gemm", "f32", g.str(), {1e-6 * flop, "GFLOP/s"},
          [&](const Exec& e) { kernels::gemm(e, g, a.view(), b.view(), {}, y.view(), Write::overwrite); });
}

void run(const std::string& device, const std::string& word) {
  Target target(device);
  for (const Layer& layer : layers)
    if (std::string(layer.name).find(word) != std::string::npos) measure_layer(target, layer);
  if (std::string("gemm").find(word) != std::string::npos) measure_gemm(target);
  measure_memory(target, word);
}

}  // namespace
}  // namespace sumi::bench

int main(int argc, char** argv) {
  std::string word, device = "cpu";
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--device" && i + 1 < argc) {
      device = argv[++i];
    } else if (argument.starts_with("-") || !word.empty()) {
      fmt::print(stderr, "usage: bench_kernels [WORD] [--device cpu|cuda|emu]\n");
      return 2;
    } else {
      word = argument;
    }
  }
  try {
    sumi::bench::run(device, word);
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_kernels: {}\n", e.what());
    return 1;
  }
  return 0;
}
