// Errors of the kernel functions: each names the kernel and the mismatched values.
#include <doctest/doctest.h>

#include "kernels/activation.h"
#include "kernels/color.h"
#include "kernels/conv.h"
#include "kernels/elementwise.h"
#include "kernels/gaussian_loss.h"
#include "kernels/gemm.h"
#include "kernels/image_loss.h"
#include "kernels/loss.h"
#include "kernels/norm.h"
#include "kernels/optim.h"
#include "kernels/pad.h"
#include "kernels/pool.h"
#include "kernels/random.h"
#include "kernels/reduce.h"
#include "kernels/resize.h"
#include "kernels/softmax.h"
#include "kernels/spectral_norm.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

// The message of the Error that f throws; the test fails if it throws none or lacks one of the
// parts.
template <class F>
void expect_error(std::initializer_list<const char*> parts, F&& f) {
  const std::string text = error_of(f);
  for (const char* part : parts)
    CHECK_MESSAGE(text.find(part) != std::string::npos, "\"" << text << "\" lacks \"" << part << "\"");
  CHECK(text.find('\n') == std::string::npos);
}

Buffer tensor(Shape s, DType t = DType::f32, Device d = cpu) {
  return Buffer(s, t, d, std::vector<double>(static_cast<std::size_t>(s.count()), 1.0));
}

}  // namespace

TEST_CASE("errors: an operand on another device") {
  Bench b(cpu);
  Buffer here = tensor({2, 3, 3, 4}), there = tensor({2, 3, 3, 4}, DType::f32, ref);
  expect_error({"[tanh]", "2x3x3x4", "ref", "cpu"}, [&] { unary(b.exec, Unary::tanh, 0, there, here); });
  expect_error({"[add]", "ref", "cpu"},
               [&] { binary(b.exec, Binary::add, here, there, here, Write::overwrite); });
  expect_error({"[fill]", "ref"}, [&] { fill(b.exec, 0, there); });
  expect_error({"[normal]", "ref"}, [&] { normal(b.exec, {}, 0, 1, there); });
  const Exec gpu{Device{Device::Kind::cuda, 3}};
  expect_error({"[fill]", "cpu", "cuda:3"}, [&] { fill(gpu, 0, here); });
}

TEST_CASE("errors: operands of two types, and f64 where it does not exist") {
  Bench b(cpu);
  Buffer x = tensor({1, 2, 2, 3}), half = tensor({1, 2, 2, 3}, DType::bf16),
         wide = tensor({1, 2, 2, 3}, DType::f64);
  Buffer one = tensor(Shape::scalar());
  expect_error({"[relu]", "f32", "bf16"}, [&] { unary(b.exec, Unary::relu, 0, x, half); });
  expect_error({"[mul]", "bf16", "f32"}, [&] { binary(b.exec, Binary::mul, half, x, x, Write::overwrite); });
  expect_error({"[sum_squares]", "bf16", "f32"}, [&] { sum_squares(b.exec, half, one); });
  expect_error({"f64", "--device ref"}, [&] { unary(b.exec, Unary::relu, 0, wide, wide); });
  expect_error({"f64", "--device ref"}, [&] { fill(b.exec, 0, wide); });
  MutView there = wide;  // rejected before any launch or read
  there.device = cuda;
  expect_error({"[fill]", "f64", "--device ref"}, [&] { fill(Exec{cuda}, 0, there); });
  Bench r(ref);
  Buffer p = tensor({1, 1, 1, 4}, DType::bf16, ref);
  expect_error({"[adam]", "bf16"}, [&] { optimizer_step(r.exec, {}, p, p, p, p, {}, {}); });
}

TEST_CASE("errors: shapes") {
  Bench b(cpu);
  Buffer x = tensor({2, 4, 4, 6}), y = tensor({2, 4, 4, 5}), vec = tensor(Shape::vector(5)),
         one = tensor(Shape::scalar());
  expect_error({"[sigmoid]", "2x4x4x5", "2x4x4x6"}, [&] { unary(b.exec, Unary::sigmoid, 0, x, y); });
  expect_error({"[div]", "2x4x4x6", "1x1x1x5", "2x4x4x6"},
               [&] { binary(b.exec, Binary::div, x, vec, x, Write::overwrite); });
  expect_error({"[affine]", "1x1x1x5", "2x4x4x6"}, [&] { affine(b.exec, vec, 1, 0, x, Write::overwrite); });
  expect_error({"[cast]", "2x4x4x5"}, [&] { cast(b.exec, x, y); });
  expect_error({"[copy_box]", "outside", "2x4x4x6"}, [&] {
    copy_box(b.exec, x, {0, 0, 0, 1}, x, {0, 0, 0, 0}, x.view().shape, Write::overwrite);
  });
  expect_error({"[sum_to]", "2x4x4x6", "1x1x1x5"}, [&] { sum_to(b.exec, x, 1, vec, Write::overwrite); });
  expect_error({"[l1]", "target", "2x4x4x5"}, [&] { loss_mean(b.exec, Loss::l1, 1, x, y, 0, one, {}); });
  expect_error({"[l1]", "1x1x1x5"}, [&] { loss_mean(b.exec, Loss::l1, 1, x, {}, 0, vec, {}); });
  expect_error({"[l1]", "dx", "2x4x4x5"}, [&] { loss_mean(b.exec, Loss::l1, 1, x, {}, 0, one, y); });
  expect_error({"[huber]", "delta", "above 0"},
               [&] { loss_mean(b.exec, Loss::huber, 0, x, {}, 0, one, {}); });
  expect_error({"[gaussian_nll]", "x is", "2x4x4x5"}, [&] { gaussian_nll(b.exec, y, x, x, one, {}, {}); });
  expect_error({"[gaussian_nll]", "dlog_var"}, [&] { gaussian_nll(b.exec, x, x, x, one, x, {}); });
  expect_error({"[gaussian_kl]", "log_var", "2x4x4x5"}, [&] { gaussian_kl(b.exec, x, y, one, {}, {}); });
  expect_error({"[total_variation]", "dx", "2x4x4x5"}, [&] { total_variation(b.exec, x, one, y); });
  expect_error({"[color_loss]", "2x4x4x6", "three channels"}, [&] { color_loss(b.exec, 1, x, x, one, {}); });
  expect_error({"[softmax]", "2x4x4x5", "2x4x4x6"}, [&] { softmax(b.exec, x, y); });
  expect_error({"[cross_entropy]", "target", "2x4x4x5"},
               [&] { cross_entropy(b.exec, x, y, one, MutView{}); });
  expect_error({"[rgb_to_lab]", "2x4x4x6", "three channels"},
               [&] { convert_color(b.exec, Color::rgb_to_lab, x, x); });
  expect_error({"[gemm]", "2x4x4x6", "b1m2n2k3"}, [&] {
    gemm(b.exec, {1, 2, 2, 3, false, false, 1, 1}, x, x, {}, x, Write::overwrite);
  });
  expect_error({"[adam]", "2x4x4x5", "2x4x4x6"}, [&] { optimizer_step(b.exec, {}, x, y, x, x, {}, {}); });
  expect_error({"[adamw]", "m is 0x0x0x0", "2x4x4x6"},
               [&] { optimizer_step(b.exec, {.rule = Optimizer::adamw}, x, x, {}, x, {}, {}); });
  expect_error({"[rmsprop]", "no first moment"},
               [&] { optimizer_step(b.exec, {.rule = Optimizer::rmsprop}, x, x, x, x, {}, {}); });
  expect_error({"[adam]", "scale", "1x1x1x5"}, [&] { optimizer_step(b.exec, {}, x, x, x, x, {}, vec); });
  expect_error({"[spectral_norm]", "v", "1x1x1x5", "1x1x1x96"},
               [&] { spectral_norm(b.exec, x, true, 1e-12, tensor(Shape::vector(2)), vec, one); });
  expect_error({"[clip_scale]", "squares", "2x4x4x6"}, [&] { clip_scale(b.exec, x, 1, one, {}); });
}

TEST_CASE("errors: geometry of convolution") {
  const Shape x{1, 4, 4, 3};
  expect_error({"[conv2d]", "5x3x3x2", "2 input channels", "1x4x4x3", "has 3"}, [&] {
    ConvGeom::make("conv2d", x, {5, 3, 3, 2}, {});
  });
  expect_error({"[conv2d]", "1x4x4x3", "smaller", "5x7x7x3"}, [&] {
    ConvGeom::make("conv2d", x, {5, 7, 7, 3}, {});
  });
  expect_error({"[conv2d]", "3 groups", "5 filters"}, [&] {
    ConvGeom::make("conv2d", x, {5, 3, 3, 1}, {1, 0, 0, 0, 0, 1, 3});
  });
  expect_error({"[conv2d]", "stride"}, [&] {
    ConvGeom::make("conv2d", x, {5, 3, 3, 3}, ConvOptions::same_pads(0, 0));
  });
  expect_error({"[conv2d]", "negative"}, [&] {
    ConvGeom::make("conv2d", x, {5, 3, 3, 3}, ConvOptions::same_pads(1, -1));
  });
  expect_error({"[up]", "4 input channels", "1x4x4x3"}, [&] {
    ConvGeom::make_transpose("up", x, {4, 3, 3, 2}, {}, 0);
  });
  expect_error({"[up]", "output padding 2", "stride 2"}, [&] {
    ConvGeom::make_transpose("up", x, {3, 3, 3, 2}, ConvOptions::same_pads(2, 1), 2);
  });
  expect_error({"[up]", "empty"}, [&] {
    ConvGeom::make_transpose("up", {1, 1, 1, 3}, {3, 3, 3, 2}, ConvOptions::same_pads(1, 2), 0);
  });

  Bench b(cpu);
  const ConvGeom g = ConvGeom::make("t", x, {5, 3, 3, 3}, {});
  Buffer xs = tensor(x), w = tensor(g.w_shape()), y = tensor(g.y_shape()), bad = tensor({1, 2, 3, 5});
  Buffer bias = tensor(Shape::vector(5));
  expect_error({"[conv_fprop]", "1x2x3x5", "1x2x2x5"}, [&] { conv_fprop(b.exec, g, xs, w, {}, bad); });
  expect_error({"[conv_dgrad]", "1x2x3x5"}, [&] { conv_dgrad(b.exec, g, bad, w, {}, xs); });
  expect_error({"[conv_dgrad]", "bias", "1x1x1x5", "1x1x1x3"},
               [&] { conv_dgrad(b.exec, g, y, w, bias, xs); });
  expect_error({"[conv_wgrad]", "1x2x3x5"}, [&] { conv_wgrad(b.exec, g, xs, bad, w, Write::overwrite); });
}

TEST_CASE("errors: geometry of norm, pad, resize and pool") {
  Bench b(cpu);
  Buffer x = tensor({2, 4, 4, 6}), stats = tensor({2, 1, 1, 4}), vec = tensor(Shape::vector(6));
  const NormGeom four{{2, 4, 4, 6}, 4, 1e-5}, batch{{2, 4, 4, 6}, 0, 1e-5}, instance{{2, 4, 4, 6}, 6, 1e-5};
  expect_error({"[norm_stats]", "4 groups", "6 channels"},
               [&] { norm_stats(b.exec, four, x, stats, stats); });
  expect_error({"[norm_stats]", "mean", "2x1x1x4", "1x1x1x6"},
               [&] { norm_stats(b.exec, batch, x, stats, stats); });
  expect_error({"[norm_apply]", "gamma", "2x1x1x4"},
               [&] { norm_apply(b.exec, batch, x, vec, vec, stats, {}, Unary::identity, 0, {}, x); });
  Buffer half = tensor(Shape::vector(6), DType::bf16);
  expect_error({"[norm_running]", "bf16"}, [&] { norm_running(b.exec, batch, half, half, 0.9, half, half); });
  expect_error({"[norm_apply]", "bf16", "f32 was expected"},
               [&] { norm_apply(b.exec, batch, x, half, half, {}, {}, Unary::identity, 0, {}, x); });
  expect_error({"[norm_running]", "batch norm"},
               [&] { norm_running(b.exec, instance, vec, vec, 0.9, vec, vec); });
  Buffer big = tensor({2, 6, 6, 6});
  expect_error({"[pad]", "smaller", "2x4x4x6"}, [&] { pad(b.exec, {PadMode::reflect, 4, 0, 0, 0}, x, big); });
  expect_error({"[pad]", "negative"}, [&] { pad(b.exec, {PadMode::zero, -1, 0, 0, 0}, x, big); });
  expect_error({"[pad]", "2x6x6x6", "2x6x5x6"}, [&] { pad(b.exec, {PadMode::zero, 1, 1, 1, 0}, x, big); });
  expect_error({"[pad_grad]", "2x6x6x6"}, [&] {
    pad_grad(b.exec, {PadMode::zero, 1, 0, 1, 1}, big, x, Write::overwrite);
  });
  expect_error({"[resize]", "1x1x1x6", "2x6x6x6"}, [&] { resize(b.exec, {}, vec, big); });
  expect_error({"[resize]", "inside the border"}, [&] {
    resize(b.exec, {}, big, big, {PadMode::zero, 3, 3});
  });
  expect_error({"[avg_pool]", "window of 5", "2x4x4x6"}, [&] { avg_pool(b.exec, {5, 1}, x, big); });
  expect_error({"[max_pool]", "2x6x6x6", "2x2x2x6"}, [&] { max_pool_pick(b.exec, {2, 2}, x, x, big); });
}

}  // namespace sumi::test
