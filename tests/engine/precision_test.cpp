// The names of precisions, and that ops use the thread's precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/engine/gradcheck.h"

using namespace sumi;
using namespace sumi::gradcheck;

TEST_CASE("precision: names, and what auto stands for") {
  const Device cpu{Device::Kind::cpu, 0}, gpu{Device::Kind::cuda, 0};
  CHECK(resolved_precision("auto", cpu) == "f32");
  CHECK(resolved_precision("auto", ref) == "f32");
  CHECK(resolved_precision("auto", gpu) == "tf32");
  CHECK(resolved_precision("3xtf32", gpu) == "3xtf32");
  CHECK(parse_precision("auto", gpu).multiply == MatmulPrecision::tf32);
  CHECK(parse_precision("3xtf32", gpu).multiply == MatmulPrecision::tf32x3);
  CHECK(parse_precision("f32", gpu).multiply == MatmulPrecision::f32);
  CHECK(parse_precision("bf16", cpu).dtype == DType::f32);
  CHECK(parse_precision("bf16", cpu).activations == DType::bf16);
  CHECK(parse_precision("f64", ref).dtype == DType::f64);
  CHECK(error_of([&] { parse_precision("f64", gpu); }).find("--device ref") != std::string::npos);
  CHECK(error_of([&] { parse_precision("tf32", cpu); }).find("use f32") != std::string::npos);
  CHECK(error_of([&] { parse_precision("half", cpu); }).find("3xtf32, tf32, bf16 or f64") !=
        std::string::npos);
}

TEST_CASE("precision: a convolution rounds to tf32 where that was set, and on CUDA alone") {
  const NoGrad no_grad;
  const Tensor x = numbers({1, 12, 11, 32}, 1), w = numbers({32, 3, 3, 32}, 2);
  const auto y = [&](MatmulPrecision multiply, const Device& device, DType t) {
    set_multiply(multiply);
    const Tensor out = conv2d(convert(x, t, device), convert(w, t, device), {}, ConvOptions::same_pads(1, 1));
    set_multiply(MatmulPrecision::f32);
    return out.to_vector<double>();
  };
  const auto want = y(MatmulPrecision::f32, ref, DType::f64);
  const auto error = [&](MatmulPrecision multiply) {
    const auto got = y(multiply, tested, DType::f32);
    double worst = 0, scale = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      worst = std::max(worst, std::abs(got[i] - want[i]));
      scale = std::max(scale, std::abs(want[i]));
    }
    return worst / scale;
  };
  CHECK(error(MatmulPrecision::f32) < 5e-6);
  CHECK(error(MatmulPrecision::tf32x3) < 5e-6);
  if (tested.on_host())
    CHECK(error(MatmulPrecision::tf32) < 5e-6);
  else
    CHECK(error(MatmulPrecision::tf32) > 1e-5);
  CHECK(error(MatmulPrecision::tf32) < 1e-3);
}
