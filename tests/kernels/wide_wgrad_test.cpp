// Weight gradients in f32 of bf16 operands, by every CUDA variant: the sums of small integers are
// exact in f32 and not in bf16. Chunks of pixels are joined by the block that finishes last, in
// every order of blocks.
#include <doctest/doctest.h>

#include <algorithm>

#include "kernels/conv.h"
#include "kernels/variants.h"
#include "tests/cases/conv.h"
#include "tests/kernels/harness.h"
#ifndef SUMI_CUDA
#include "kernels/emu/emu.h"
#endif

namespace sumi::test {
namespace {

using namespace sumi::kernels;

Job wgrad_job(const ConvGeom& g) {
  return {std::string(g.wgrad_name()) + " " + g.str(),
          {{g.x_shape(), integers(g.x_shape().count(), 1, DType::bf16)},
           {g.y_shape(), integers(g.y_shape().count(), 2, DType::bf16)}},
          {g.w_shape()},
          [g](const Exec& e, const Ins& in, Outs& out, Write write) {
            conv_wgrad(e, g, in[0], in[1], out[0], write);
          },
          true,
          {},
          {0}};
}

void check_every_variant(const ConvGeom& g) {
  const Job job = wgrad_job(g);
  for (Write write : {Write::overwrite, Write::accumulate})
    for (const auto& v :
         cuda::conv_variants(ConvDirection::wgrad, g, DType::bf16, MatmulPrecision::automatic)) {
      if (!v.fits) continue;
      const Result got =
          run(by_variant(job, v.name, MatmulPrecision::automatic), test::cuda, DType::bf16, write);
      expect_close(job.name + " by " + v.name, got.values[0], expected(job, DType::bf16, write)[0], exactly);
    }
}

}  // namespace

TEST_CASE("wide wgrad: bf16 operands, f32 gradient, every variant") {
  if (!has_cuda()) return;
  // one chunk; several; groups; a sum of 1300 terms, which bf16 would round
  for (const char* text :
       {"n2h6w6c8k8r3s3p1", "n2h30w30c8k16r3s3p1", "n2h30w30c16k16r3s3p1g2", "n1h36w36c3k8r1s1"})
    check_every_variant(ConvGeom::parse("test", text));
}

#ifndef SUMI_CUDA
TEST_CASE("wide wgrad: the block that finishes last joins the chunks in every order of blocks") {
  const ConvGeom g = ConvGeom::parse("test", "n2h30w30c8k16r3s3p1");
  for (const emu::Schedule& order : {emu::Schedule::descending(), emu::Schedule::shuffle(7)}) {
    const emu::ScheduleScope scope(order);
    check_every_variant(g);
  }
}
#endif

TEST_CASE("wide wgrad: other devices refuse it") {
  const ConvGeom g = ConvGeom::parse("test", "n1h4w4c8k8r3s3p1");
  CHECK_THROWS_WITH_AS(run(wgrad_job(g), cpu, DType::bf16), doctest::Contains("two types"), Error);
}

}  // namespace sumi::test
