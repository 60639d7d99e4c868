// cuDNN and cuBLAS with our signatures agree with the reference; in builds that have them, on
// machines with a GPU.
#ifdef SUMI_PEER
#include <doctest/doctest.h>

#include "kernels/peer/activation.h"
#include "kernels/peer/conv.h"
#include "kernels/peer/gemm.h"
#include "kernels/peer/norm.h"
#include "tests/cases/conv.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

bool has_gpu() {
  for (const Device& device : computing_devices())
    if (device == cuda) return true;
  return false;
}

using Call = std::function<void(const Exec&, View, View, MutView)>;

// One call of the baseline `peer` on the GPU, and of `own` on the reference with the same small
// integers, whose sums are exact.
void compare(const std::string& what, const Shape& a, const Shape& b, const Shape& y, const Call& peer,
             const Call& own, DType on_gpu = DType::f32, MatmulPrecision multiply = MatmulPrecision::f32,
             Tol tol = {1e-4, 1e-4}) {
  CAPTURE(what);
  const auto values_a = integers(a.count(), 1, 3), values_b = integers(b.count(), 2, 3);
  const auto run = [&](Device device, const auto& call) {
    Bench bench(device);
    const DType type = device == cuda ? on_gpu : DType::f64;
    const Buffer x(a, type, device, values_a), w(b, type, device, values_b);
    Buffer out(y, type, device);
    bench.exec.multiply = multiply;
    call(bench.exec, x.view(), w.view(), out.mutable_view());
    return out.get();
  };
  // Winograd and FFT algorithms, which cuDNN may choose, are not exact.
  expect_close(what, run(cuda, peer), run(ref, own), tol);
}

}  // namespace

TEST_CASE("peer: cuDNN's convolutions are the reference's") {
  if (!has_gpu()) return;
  for (const auto& c : cases::conv_cases) {
    const kernels::ConvGeom g = c.geom();
    if (!kernels::peer::conv_fits(g)) continue;
    const Shape x = g.x_shape(), w = g.w_shape(), y = g.y_shape();
    compare(
        std::string("fprop ") + c.name, x, w, y,
        [&](const Exec& e, View a, View b, MutView o) { kernels::peer::conv_fprop(e, g, a, b, {}, o); },
        [&](const Exec& e, View a, View b, MutView o) { kernels::conv_fprop(e, g, a, b, {}, o); });
    compare(
        std::string("dgrad ") + c.name, y, w, x,
        [&](const Exec& e, View a, View b, MutView o) { kernels::peer::conv_dgrad(e, g, a, b, {}, o); },
        [&](const Exec& e, View a, View b, MutView o) { kernels::conv_dgrad(e, g, a, b, {}, o); });
    compare(
        std::string("wgrad ") + c.name, x, y, w,
        [&](const Exec& e, View a, View b, MutView o) {
          kernels::peer::conv_wgrad(e, g, a, b, o, Write::overwrite);
        },
        [&](const Exec& e, View a, View b, MutView o) {
          kernels::conv_wgrad(e, g, a, b, o, Write::overwrite);
        });
  }
}

TEST_CASE("peer: cuBLAS's product is the reference's in every precision") {
  if (!has_gpu()) return;
  const std::pair<DType, MatmulPrecision> precisions[] = {{DType::f32, MatmulPrecision::f32},
                                                          {DType::f32, MatmulPrecision::tf32x3},
                                                          {DType::f32, MatmulPrecision::tf32},
                                                          {DType::bf16, MatmulPrecision::automatic}};
  for (const char* problem : {"m32n48k64nn", "m33n48k64tn", "m32n48k64nt", "b3m16n32k8tt"})
    for (const auto& [type, multiply] : precisions) {
      const auto g = kernels::GemmGeom::parse("test", problem);
      compare(
          std::string(problem) + " " + name_of(type) + " " + name_of(multiply), {g.batch * g.m, 1, 1, g.k},
          {g.batch * g.k, 1, 1, g.n}, {g.batch * g.m, 1, 1, g.n},
          [&](const Exec& e, View a, View b, MutView o) {
            kernels::peer::gemm(e, g, a, b, {}, o, Write::overwrite);
          },
          [&](const Exec& e, View a, View b, MutView o) {
            kernels::gemm(e, g, a, b, {}, o, Write::overwrite);
          },
          type, multiply, rounding(type));
    }
}

TEST_CASE("peer: cuDNN's LeakyReLU and its gradient are the reference's") {
  if (!has_gpu()) return;
  const Shape s{2, 5, 6, 16};
  const auto leaky = kernels::Unary::leaky_relu;
  for (DType type : {DType::f32, DType::bf16}) {
    compare(
        "leaky_relu", s, s, s,
        [&](const Exec& e, View x, View, MutView y) { kernels::peer::unary(e, leaky, 0.25, x, y); },
        [&](const Exec& e, View x, View, MutView y) { kernels::unary(e, leaky, 0.25, x, y); }, type,
        MatmulPrecision::f32, rounding(type));
    compare(
        "leaky_relu gradient", s, s, s,
        [&](const Exec& e, View x, View dy, MutView dx) {
          kernels::peer::unary_grad(e, leaky, 0.25, x, x, dy, dx, Write::overwrite);
        },
        [&](const Exec& e, View x, View dy, MutView dx) {
          kernels::unary_grad(e, leaky, 0.25, x, x, dy, dx, Write::overwrite);
        },
        type, MatmulPrecision::f32, rounding(type));
  }
}

// The output and both statistics, and the gradients through them.
TEST_CASE("peer: cuDNN's batch norm is the reference's") {
  if (!has_gpu()) return;
  const kernels::NormGeom g{.x = {4, 6, 5, 32}, .groups = 0};
  const Shape c = Shape::vector(g.x.c);
  const auto x = reals(g.x.count(), 1), dy = reals(g.x.count(), 2), gamma = reals(g.x.c, 3, 0.5, 1.5),
             beta = reals(g.x.c, 4);
  const auto run = [&](Device device, DType type) {
    Bench bench(device);
    const DType wide = kernels::NormGeom::vector_dtype(type);
    const Buffer in(g.x, type, device, rounded(x, type)), of_dy(g.x, type, device, dy),
        scale(c, wide, device, gamma), shift(c, wide, device, beta);
    Buffer mean(c, wide, device), var(c, wide, device), y(g.x, type, device), dx(g.x, type, device),
        dgamma(c, wide, device), dbeta(c, wide, device);
    const Exec& e = bench.exec;
    if (device == cuda) {
      kernels::peer::batch_norm(e, g, in, scale, shift, mean, var, y);
      kernels::peer::batch_norm_backward(e, g, in, mean, var, scale, of_dy, dx, dgamma, dbeta);
    } else {
      const auto none = kernels::Unary::identity;
      kernels::norm_stats(e, g, in, mean, var);
      kernels::norm_apply(e, g, in, mean, var, scale, shift, none, 0, {}, y);
      kernels::norm_backward(e, g, in, mean, var, scale, shift, none, 0, false, of_dy, dx, dgamma,
                             Write::overwrite, dbeta, Write::overwrite);
    }
    return Values{mean.get(), var.get(), y.get(), dx.get(), dgamma.get(), dbeta.get()};
  };
  for (DType type : {DType::f32, DType::bf16}) {
    const Values got = run(cuda, type), want = run(ref, DType::f64);
    const char* names[] = {"mean", "var", "y", "dx", "dgamma", "dbeta"};
    for (std::size_t i = 0; i < got.size(); ++i)
      expect_close(std::string(names[i]) + " in " + name_of(type), got[i], want[i],
                   type == DType::f32 ? Tol{1e-4, 1e-4} : Tol{5e-2, 5e-2});
  }
}

}  // namespace sumi::test
#endif
