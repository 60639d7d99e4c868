// The same bits with one thread, with two, and on repetition: reductions run in chunks determined
// by the shape.
#include <doctest/doctest.h>

#include "kernels/conv.h"
#include "kernels/gaussian_loss.h"
#include "kernels/gemm.h"
#include "kernels/image_loss.h"
#include "kernels/loss.h"
#include "kernels/norm.h"
#include "kernels/reduce.h"
#include "kernels/spectral_norm.h"
#include "kernels/thread_pool.h"
#include "tests/cases/conv.h"
#include "tests/kernels/harness.h"
#ifndef SUMI_CUDA
#include "kernels/emu/emu.h"
#endif

namespace sumi::test {
namespace {

using namespace sumi::kernels;

Result run_with(int threads, const Job& job, DType t) {
  const int before = num_threads();
  set_num_threads(threads);
  Result result = run(job, cpu, t);
  set_num_threads(before);
  return result;
}

// If CUDA is emulated, a second run uses another order of threads and blocks.
Result run_in_another_order(const Job& job, Device device, DType t) {
#ifndef SUMI_CUDA
  const emu::ScheduleScope order(emu::Schedule::shuffle(7));
#endif
  return run(job, device, t);
}

// For kernels whose sums are split into chunks: an order of additions that depends on anything but
// the shape would show.
void check_same_bits_on_cuda(const Job& job) {
  for (Device device : computing_devices())
    for (DType t : {DType::f32, DType::bf16}) {
      if (device == cpu) continue;
      CAPTURE(job.name);
      CHECK(run(job, device, t).bits == run_in_another_order(job, device, t).bits);
    }
}

void check_same_bits(const Job& job) {
  for (DType t : {DType::f32, DType::bf16}) {
    const Result one = run_with(1, job, t), two = run_with(2, job, t);
    CAPTURE(job.name);
    CAPTURE(name_of(t));
    CHECK(run_with(1, job, t).bits == one.bits);
    CHECK(run_with(2, job, t).bits == two.bits);
    // oneDNN's weight gradient splits its sum among its threads; it is reproducible only for equal
    // numbers of threads.
    bool by_threads = false;
    for (const std::string& ran : two.log)
      by_threads |= ran.find("onednn") != std::string::npos && job.name == "conv_wgrad";
    if (!by_threads) CHECK(one.bits == two.bits);
  }
}

}  // namespace

TEST_CASE("determinism: reductions, norm and loss") {
  const auto check = [](const Job& job) {
    check_same_bits(job);
    check_same_bits_on_cuda(job);
  };
  const Shape big{3, 33, 37, 33}, wide{2, 64, 64, 8};
  for (const Shape& s : {big, wide}) {
    const auto x = reals(s.count(), 1), dy = reals(s.count(), 2);
    for (const Shape& to :
         {Shape::scalar(), Shape::vector(s.c), Shape{s.n, 1, 1, s.c}, Shape{s.n, s.h, s.w, 1}})
      check({"sum_to " + to.str(), {{s, x}}, {to}, [](const Exec& e, const Ins& in, Outs& out, Write w) {
               sum_to(e, in[0], 1, out[0], w);
             }});
    check({"sum_squares", {{s, x}}, {Shape::scalar()}, [](const Exec& e, const Ins& in, Outs& out, Write) {
             sum_squares(e, in[0], out[0]);
           }});
    const std::int64_t columns = s.h * s.w * s.c;
    check({"spectral_norm",
           {{s, x}},
           {Shape::scalar(), Shape::vector(s.n), Shape::vector(columns)},
           [](const Exec& e, const Ins& in, Outs& out, Write) {
             spectral_norm(e, in[0], true, 1e-12, out[1], out[2], out[0]);
           },
           false,
           {{0}, reals(s.n, 3), reals(columns, 4)}});
    for (Loss loss : {Loss::bce_logits, Loss::squared})
      check({name_of(loss),
             {{s, x}},
             {Shape::scalar(), s},
             [loss](const Exec& e, const Ins& in, Outs& out, Write) {
               loss_mean(e, loss, 1, in[0], {}, 1, out[0], out[1]);
             }});
    check({"gaussian_nll",
           {{s, x}, {s, dy}, {s, dy}},
           {Shape::scalar(), s, s},
           [](const Exec& e, const Ins& in, Outs& out, Write) {
             gaussian_nll(e, in[0], in[1], in[2], out[0], out[1], out[2]);
           }});
    check({"gaussian_kl",
           {{s, x}, {s, dy}},
           {Shape::scalar(), s, s},
           [](const Exec& e, const Ins& in, Outs& out, Write) {
             gaussian_kl(e, in[0], in[1], out[0], out[1], out[2]);
           }});
    check(
        {"total_variation",
         {{s, x}},
         {Shape::scalar(), s},
         [](const Exec& e, const Ins& in, Outs& out, Write) { total_variation(e, in[0], out[0], out[1]); }});
    for (std::int64_t groups : {std::int64_t{0}, s.c, std::int64_t{1}}) {
      const NormGeom g{s, groups, 1e-5};
      const Shape c = Shape::vector(s.c), stats = g.stat_shape();
      check({"norm_stats",
             {{s, x}},
             {stats, stats},
             [g](const Exec& e, const Ins& in, Outs& out, Write) { norm_stats(e, g, in[0], out[0], out[1]); },
             false,
             {},
             {0, 1}});
      check({"norm_backward",
             {{s, x},
              {stats, reals(stats.count(), 3, -0.1, 0.1), true},
              {stats, reals(stats.count(), 4, 1, 2), true},
              {c, reals(s.c, 5), true},
              {c, reals(s.c, 6), true},
              {s, dy}},
             {s, c, c},
             [g](const Exec& e, const Ins& in, Outs& out, Write w) {
               norm_backward(e, g, in[0], in[1], in[2], in[3], in[4], Unary::relu, 0, false, in[5], out[0],
                             out[1], w, out[2], w);
             },
             false,
             {},
             {1, 2}});
    }
  }
}

TEST_CASE("determinism: color_loss") {
  const Shape s{2, 97, 101, 3};
  const Job job{
      "color_loss",
      {{s, reals(s.count(), 1)}, {s, reals(s.count(), 2)}},
      {Shape::scalar(), s},
      [](const Exec& e, const Ins& in, Outs& out, Write) { color_loss(e, 1, in[0], in[1], out[0], out[1]); }};
  check_same_bits(job);
  check_same_bits_on_cuda(job);
}

TEST_CASE("determinism: gemm") {
  for (GemmGeom g : {GemmGeom{1, 67, 49, 530, false, false, 1, 1},
                     {1, 8, 9, 4096, true, false, 1, 1},
                     {3, 130, 130, 33, false, true, 3, 3}})
    check_same_bits(
        {"gemm",
         {{{g.a_batch, 1, 1, g.m * g.k}, reals(g.a_batch * g.m * g.k, 1)},
          {{g.b_batch, 1, 1, g.k * g.n}, reals(g.b_batch * g.k * g.n, 2)}},
         {{g.batch, g.m, 1, g.n}},
         [g](const Exec& e, const Ins& in, Outs& out, Write w) { gemm(e, g, in[0], in[1], {}, out[0], w); }});
}

TEST_CASE("determinism: convolution") {
  std::vector<ConvGeom> geoms;
  for (const auto& c : cases::conv_cases) geoms.push_back(c.geom());
  for (const auto& c : cases::conv_transpose_cases) geoms.push_back(c.geom());
  for (const ConvGeom& g : geoms) {
    const Operand x{g.x_shape(), reals(g.x_shape().count(), 1)},
        w{g.w_shape(), reals(g.w_shape().count(), 2)};
    const Operand dy{g.y_shape(), reals(g.y_shape().count(), 3)};
    CAPTURE(g.str());
    check_same_bits(
        {"conv_fprop", {x, w}, {g.y_shape()}, [g](const Exec& e, const Ins& in, Outs& out, Write) {
           conv_fprop(e, g, in[0], in[1], {}, out[0]);
         }});
    check_same_bits(
        {"conv_dgrad", {dy, w}, {g.x_shape()}, [g](const Exec& e, const Ins& in, Outs& out, Write) {
           conv_dgrad(e, g, in[0], in[1], {}, out[0]);
         }});
    check_same_bits(
        {"conv_wgrad", {x, dy}, {g.w_shape()}, [g](const Exec& e, const Ins& in, Outs& out, Write write) {
           conv_wgrad(e, g, in[0], in[1], out[0], write);
         }});
  }
}

}  // namespace sumi::test
