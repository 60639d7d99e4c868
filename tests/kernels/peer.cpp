// cuDNN and cuBLAS behind our signatures say what the reference says; in builds that have them, on machines with a GPU.
#ifdef SUMI_PEER
#include <doctest/doctest.h>

#include "kernels/peer/conv.h"
#include "kernels/peer/gemm.h"
#include "tests/cases/conv.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

bool has_gpu() {
  for (const Device& device : computing_devices())
    if (device == cuda) return true;
  return false;
}

// One call of `run` on the GPU in f32, and of the reference with the same small integers, whose sums are exact.
void compare(const std::string& what, const Shape& a, const Shape& b, const Shape& y,
             const std::function<void(const Exec&, View, View, MutView)>& peer,
             const std::function<void(const Exec&, View, View, MutView)>& own) {
  CAPTURE(what);
  const auto values_a = integers(a.count(), 1, 3), values_b = integers(b.count(), 2, 3);
  const auto run = [&](Device device, const auto& call) {
    Bench bench(device);
    const DType type = device == cuda ? DType::f32 : DType::f64;
    const Buffer x(a, type, device, values_a), w(b, type, device, values_b);
    Buffer out(y, type, device);
    bench.exec.multiply = Multiply::f32;
    call(bench.exec, x.view(), w.view(), out.mut());
    return out.get();
  };
  // Winograd and Fourier forms, which cuDNN may choose, are not exact.
  expect_close(what, run(cuda, peer), run(ref, own), {1e-4, 1e-4});
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

TEST_CASE("peer: cuBLAS's product is the reference's") {
  if (!has_gpu()) return;
  for (const char* problem : {"m32n48k64nn", "m33n48k64tn", "m32n48k64nt", "b3m16n32k8tt"}) {
    const auto g = kernels::GemmGeom::parse("test", problem);
    compare(
        problem, {g.batch * g.m, 1, 1, g.k}, {g.batch * g.k, 1, 1, g.n}, {g.batch * g.m, 1, 1, g.n},
        [&](const Exec& e, View a, View b, MutView o) {
          kernels::peer::gemm(e, g, a, b, {}, o, Write::overwrite);
        },
        [&](const Exec& e, View a, View b, MutView o) {
          kernels::gemm(e, g, a, b, {}, o, Write::overwrite);
        });
  }
}

}  // namespace sumi::test
#endif
