// A variant of one's own: a convolution in which a thread computes four filters of a pixel, so that it reads x once for four
// products. What belongs into the library is marked (1) to (3); the rest runs it here, on the emulated device, beside the naive
// one and the reference. docs/kernels.md tells the story.
#include <cmath>
#include <cstdio>
#include <exception>
#include <vector>

#include "engine/runtime/device.h"
#include "engine/tensor.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/conv/variants.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/variant.h"

// In the library it is namespace sumi::kernels::cuda. With a name of its own the example still links beside a library that has
// the variant.
namespace example {

using namespace sumi;
using namespace sumi::kernels;
using namespace sumi::kernels::cuda;

// (1) A file of its own, kernels/cuda/conv/four_filters.cu: the kernel, and the function that launches it, which
// kernels/cuda/conv/variants.h declares.
__global__ void conv_fprop_four_filters(ConvGeom g, const float* x, const float* w, const float* bias,
                                        float* y) {
  const std::int64_t quads = g.k / 4, filter = g.r * g.s * g.c;
  for_each_element(g.n * g.p * g.q * quads, [=](std::int64_t i) {
    const std::int64_t k = i % quads * 4, pixel = i / quads;
    const std::int64_t q = pixel % g.q, p = pixel / g.q % g.p, n = pixel / (g.q * g.p);
    float sums[4] = {};
    for (std::int64_t r = 0; r < g.r; ++r) {
      const std::int64_t row = p * g.o.stride + r * g.o.dilation - g.o.pad_top;
      if (row < 0 || row >= g.h) continue;
      for (std::int64_t s = 0; s < g.s; ++s) {
        const std::int64_t col = q * g.o.stride + s * g.o.dilation - g.o.pad_left;
        if (col < 0 || col >= g.w) continue;
        const float* from = x + ((n * g.h + row) * g.w + col) * g.c;
        const float* tap = w + k * filter + (r * g.s + s) * g.c;
        for (std::int64_t c = 0; c < g.c; ++c)
          for (std::int64_t f = 0; f < 4; ++f) sums[f] += from[c] * tap[f * filter + c];
      }
    }
    for (std::int64_t f = 0; f < 4; ++f) y[pixel * g.k + k + f] = sums[f] + (bias ? bias[k + f] : 0);
  });
}

void four_filters_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  launch(e, "conv_fprop_four_filters", conv_fprop_four_filters, {element_grid(y.count() / 4), kElementBlock},
         g, x.as<float>(), w.as<float>(), bias ? bias.as<float>() : nullptr, y.as<float>());
}

// (2) What it can do: in kernels/cuda/conv.cu, above the table.
bool four_filters_fit(const ConvProblem& p) {
  return p.dtype == DType::f32 && p.geom.o.groups == 1 && p.geom.k % 4 == 0;
}

// (3) One line of the table in kernels/cuda/conv.cu. From then on tests/kernels/ladder_test.cpp runs it against the reference
// wherever it fits, `sumi-bench` times it, and the rule takes it where no higher rung fits.
constexpr Variant<ConvProblem, ConvFprop> table[] = {
    {"naive", "one thread an output: the definition", always, always, naive_fprop},
    {"four_filters", "4 products for each x that is read", four_filters_fit, always, four_filters_fprop},
};

}  // namespace example

int main() try {
  using namespace sumi;
  const auto g =
      kernels::ConvGeom::make("example", {1, 9, 8, 5}, {12, 3, 3, 5}, kernels::ConvOptions::same_pads(1, 1));
  const auto numbers = [](const Shape& shape, const Device& device) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < shape.count(); ++i) values.push_back(static_cast<float>(i * 7 % 11 - 5));
    return Tensor::from(values, shape, DType::f32, device);
  };
  const Device ref{Device::Kind::ref, 0}, device = parse_device("emu");
  const Tensor want = Tensor::zeros(g.y_shape(), DType::f32, ref);
  kernels::conv_fprop(exec_on(ref), g, numbers(g.x_shape(), ref).view(), numbers(g.w_shape(), ref).view(), {},
                      want.mutable_view());
  const std::vector<float> expected = want.to_vector<float>();

  const kernels::cuda::ConvProblem problem{g, DType::f32, MatmulPrecision::f32};
  bool right = true;
  for (const auto& listed : kernels::cuda::list_variants(example::table, problem)) {
    Exec exec = exec_on(device);
    exec.variant = listed.name;
    const Tensor x = numbers(g.x_shape(), device), w = numbers(g.w_shape(), device);
    const Tensor y = Tensor::zeros(g.y_shape(), DType::f32, device);
    kernels::cuda::choose_variant("conv_fprop", exec, example::table, problem)
        .run(exec, g, x.view(), w.view(), {}, y.mutable_view());
    float worst = 0;
    const std::vector<float> got = y.to_vector<float>();
    for (std::size_t i = 0; i < expected.size(); ++i)
      worst = std::fmax(worst, std::fabs(got[i] - expected[i]));
    std::printf("%-14s%s worst error %g   %s\n", listed.name, listed.chosen ? "*" : " ",
                static_cast<double>(worst), listed.change);
    right = right && worst == 0;  // small integers: sums are exact
  }
  return right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
