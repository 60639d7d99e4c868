// A kernel without the engine: one convolution, from plain arrays, on the CPU and on the reference loops.
// Needs only the library sumi::kernels.
#include <cmath>
#include <cstdio>
#include <exception>
#include <vector>

#include "kernels/conv.h"

using namespace sumi;

int main() try {
  const Shape x_shape{1, 5, 5, 1}, w_shape{1, 3, 3, 1};
  const auto geom =
      kernels::ConvGeom::make("example", x_shape, w_shape, kernels::ConvOptions::same_pads(1, 1));
  std::vector<float> x(25, 0.0f), w{0, 1, 0, 1, -4, 1, 0, 1, 0}, y(25), y_ref(25);
  x[12] = 1;  // the Laplacian of one bright pixel is the filter itself

  const auto run = [&](Device::Kind kind, std::vector<float>& out) {
    const Device device{kind, 0};
    Scratch scratch;
    const Exec exec{device, &scratch};
    kernels::conv_fprop(exec, geom, View{x.data(), DType::f32, x_shape, device},
                        View{w.data(), DType::f32, w_shape, device}, {},
                        MutView{out.data(), DType::f32, geom.y_shape(), device});
  };
  run(Device::Kind::cpu, y);
  run(Device::Kind::ref, y_ref);

  std::printf("%s\n", geom.str().c_str());
  for (std::size_t i = 0; i < y.size(); ++i) {
    std::printf("%5.1f%s", y[i], i % 5 == 4 ? "\n" : "");
    if (!(std::abs(y[i] - y_ref[i]) <= 1e-6f)) return 1;
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
