// The variant tables: listing, selection, and the errors for impossible names.
#include "kernels/variants.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

void check_list(const std::vector<cuda::VariantInfo>& list) {
  REQUIRE(!list.empty());
  CHECK(list.front().fits);
  CHECK(std::count_if(list.begin(), list.end(), [](const auto& v) { return v.chosen; }) == 1);
  for (const auto& v : list) {
    CAPTURE(v.name);
    CHECK((v.fits || !v.chosen));
    CHECK(std::string(v.change).size() > 10);
    CHECK(std::count_if(list.begin(), list.end(),
                        [&](const auto& o) { return std::string(o.name) == v.name; }) == 1);
  }
}

}  // namespace

TEST_CASE("variants: every list has one choice, and it fits") {
  const ConvGeom g = ConvGeom::make("t", {2, 9, 8, 6}, {4, 3, 3, 3}, {2, 1, 0, 2, 1, 1, 2});
  for (DType t : {DType::f32, DType::bf16}) {
    for (auto direction : {ConvDirection::fprop, ConvDirection::dgrad, ConvDirection::wgrad})
      for (MatmulPrecision m :
           {MatmulPrecision::automatic, MatmulPrecision::f32, MatmulPrecision::tf32x3, MatmulPrecision::tf32})
        check_list(cuda::conv_variants(direction, g, t, m));
    for (MatmulPrecision m :
         {MatmulPrecision::automatic, MatmulPrecision::f32, MatmulPrecision::tf32x3, MatmulPrecision::tf32})
      check_list(cuda::gemm_variants(GemmGeom::parse("t", "b2m70n40k300tn"), t, m));
    check_list(cuda::norm_stats_variants({{2, 3, 4, 5}, 0}, t));
    check_list(cuda::unary_variants(1000, t));
    check_list(cuda::unary_grad_variants(1000, t));
  }
}

TEST_CASE("variants: automatic is f32 on the CPU and tf32 on CUDA") {
  CHECK(resolved(MatmulPrecision::automatic, test::cpu) == MatmulPrecision::f32);
  CHECK(resolved(MatmulPrecision::automatic, test::ref) == MatmulPrecision::f32);
  CHECK(resolved(MatmulPrecision::automatic, test::cuda) == MatmulPrecision::tf32);
  CHECK(resolved(MatmulPrecision::tf32x3, test::cuda) == MatmulPrecision::tf32x3);
  CHECK(std::string(name_of(MatmulPrecision::tf32x3)) == "3xtf32");
}

TEST_CASE("variants: a name that is not there is an error that lists those that fit") {
  if (!has_cuda()) return;
  const Shape s{1, 4, 4, 8};
  Buffer x(s, DType::f32, test::cuda, reals(s.count(), 1)), y(s, DType::f32, test::cuda);
  Bench b(test::cuda);
  b.exec.variant = "scalar";
  leaky_relu(b.exec, 0.2, x, y);
  CHECK(y.get().size() == 128);
  b.exec.variant = "fast";
  CHECK(error_of([&] {
          leaky_relu(b.exec, 0.2, x, y);
        }).starts_with("[leaky_relu] there is no variant 'fast'; those that fit: scalar"));
  const ConvGeom g = ConvGeom::make("t", s, {8, 3, 3, 8}, ConvOptions::same_pads(1, 1));
  Buffer w(g.w_shape(), DType::f32, test::cuda, reals(g.w_shape().count(), 2));
  CHECK(error_of([&] {
          conv_fprop(b.exec, g, x, w, {}, y);
        }).starts_with("[conv_fprop] there is no variant 'fast'; those that fit: naive"));
  const GemmGeom product = GemmGeom::parse("t", "m4n4k8");
  const Shape square = Shape::vector(16), operand = Shape::vector(32);
  Buffer a(operand, DType::f32, test::cuda, reals(32, 1)), of(square, DType::f32, test::cuda);
  CHECK(error_of([&] {
          gemm(b.exec, product, a, a, {}, of, Write::overwrite);
        }).starts_with("[gemm] there is no variant 'fast'; those that fit: tiled, register_blocked"));
}

}  // namespace sumi::test
