#include "bench/memory.h"

#include <functional>
#include <vector>

#include "bench/line.h"
#include "kernels/activation.h"
#include "kernels/elementwise.h"
#include "kernels/loss.h"
#include "kernels/norm.h"
#include "kernels/optim.h"
#include "kernels/pad.h"
#include "kernels/reduce.h"
#include "kernels/resize.h"

namespace sumi::bench {
namespace {

using kernels::Loss;
using kernels::PadGeom;
using kernels::PadMode;
using kernels::ResizeCoords;
using kernels::ResizeMode;
using kernels::Unary;

// The rate at which a plain loop (STREAM's "scale") on the host, or a copy on a device, moves memory that is much larger
// than any cache: GB/s, read and written bytes together. A host's memcpy is faster, because it writes past the caches,
// which kernels do not: what they write is read next.
double measure_stream(Target& target) {
  const std::int64_t count = std::int64_t{1} << (target.emulated() ? 18 : target.on_host() ? 26 : 28);
  const Operand from(target, Shape::vector(count), 1), to(target, Shape::vector(count), 2);
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
  return measure(target, "stream", "", fmt::format("{} MiB", bytes >> 20),
                 {2e-6 * static_cast<double>(bytes), "GB/s"}, [&](const Exec& e) {
                   if (target.on_host()) {
                     const float* const x = from.view().as<float>();
                     float* const y = to.view().as<float>();
                     for (std::int64_t i = 0; i < count; ++i) y[i] = 3.0F * x[i];
                   } else {
                     SUMI_CUDA_CALL(cudaMemcpyAsync(to.view().data, from.view().data, bytes,
                                                    cudaMemcpyDeviceToDevice, e.stream));
                   }
                 });
}

// A kernel, and how many numbers it must read or write for each of x.
struct Kernel {
  const char *name, *part;
  double operands;
  std::function<void(const Exec&)> run;
};

}  // namespace

void measure_memory(Target& target, const std::string& word) {
  // 10 million and more: beyond the second-level cache of any GPU so far.
  const Shape s = target.emulated() ? Shape{2, 16, 16, 32} : Shape{16, 256, 256, 32};
  const PadGeom border{PadMode::reflect, 1, 1, 1, 1};
  const Shape small{s.n, s.h / 2, s.w / 2, s.c}, vector{1, 1, 1, s.c};
  const Operand x(target, s, 1), dy(target, s, 2), y(target, s, 3), padded(target, border.padded(s), 4);
  const Operand half(target, small, 5), mean(target, vector, 6), var(target, vector, 7),
      gamma(target, vector, 8);
  const Operand dgamma(target, vector, 9), one(target, Shape::scalar(), 10), m(target, s, 11),
      v(target, s, 12);
  const std::vector<float> ones(static_cast<std::size_t>(s.c), 1.0F),
      zeros(static_cast<std::size_t>(s.count()));
  target.fill(var.view().data, ones.data(), ones.size() * sizeof(float));
  target.fill(v.view().data, zeros.data(), zeros.size() * sizeof(float));
  const kernels::NormGeom norm{.x = s};
  const kernels::ResizeGeom bilinear{ResizeMode::bilinear, ResizeCoords::half_pixel};
  const auto loss = [&](Loss l, View t) {
    return [&, l, t](const Exec& e) { kernels::loss_mean(e, l, 1, x.view(), t, 1.0, one.view(), y.view()); };
  };
  const Kernel all[] = {
      {"leaky_relu", "", 2, [&](const Exec& e) { kernels::leaky_relu(e, 0.2, x.view(), y.view()); }},
      {"leaky_relu", "grad", 3,
       [&](const Exec& e) {
         kernels::unary_grad(e, Unary::leaky_relu, 0.2, x.view(), x.view(), dy.view(), y.view(),
                             Write::overwrite);
       }},
      {"tanh", "", 2, [&](const Exec& e) { kernels::unary(e, Unary::tanh, 0, x.view(), y.view()); }},
      {"add", "", 3,
       [&](const Exec& e) {
         kernels::binary(e, kernels::Binary::add, x.view(), dy.view(), y.view(), Write::overwrite);
       }},
      {"sum_to", "bias", 1,
       [&](const Exec& e) { kernels::sum_to(e, x.view(), 1, dgamma.view(), Write::overwrite); }},
      {"norm_stats", "batch", 1,
       [&](const Exec& e) { kernels::norm_stats(e, norm, x.view(), mean.view(), m.view_of(vector)); }},
      {"norm_apply", "relu", 2,
       [&](const Exec& e) {
         kernels::norm_apply(e, norm, x.view(), mean.view(), var.view(), gamma.view(), mean.view(),
                             Unary::relu, 0, {}, y.view());
       }},
      {"norm_apply", "padded", 2,
       [&](const Exec& e) {
         kernels::norm_apply(e, norm, x.view(), mean.view(), var.view(), gamma.view(), mean.view(),
                             Unary::relu, 0, {}, padded.view(), border);
       }},
      // Its sums must be known before the first gradient: x and dy are read twice.
      {"norm_backward", "relu", 5,
       [&](const Exec& e) {
         kernels::norm_backward(e, norm, x.view(), mean.view(), var.view(), gamma.view(), mean.view(),
                                Unary::relu, 0, false, dy.view(), y.view(), dgamma.view(), Write::overwrite,
                                m.view_of(vector), Write::overwrite);
       }},
      {"pad", "reflect", 2, [&](const Exec& e) { kernels::pad(e, border, x.view(), padded.view()); }},
      {"pad", "grad", 2,
       [&](const Exec& e) { kernels::pad_grad(e, border, padded.view(), y.view(), Write::overwrite); }},
      {"resize", "twice", 1.25, [&](const Exec& e) { kernels::resize(e, bilinear, half.view(), y.view()); }},
      {"resize", "grad", 1.25,
       [&](const Exec& e) { kernels::resize_grad(e, bilinear, x.view(), half.view(), Write::overwrite); }},
      {"bce_logits", "grad", 2, loss(Loss::bce_logits, {})},
      {"l1", "grad", 3, loss(Loss::l1, dy.view())},
      {"squared", "grad", 3, loss(Loss::squared, dy.view())},
      {"adam", "", 7,
       [&](const Exec& e) {
         kernels::optimizer_step(e, {}, y.view(), x.view(), m.view(), v.view(), {}, {});
       }},
  };
  double stream = 0;
  for (const Kernel& k : all) {
    if (std::string(k.name).find(word) == std::string::npos &&
        std::string("memory").find(word) == std::string::npos)
      continue;
    if (stream == 0) stream = measure_stream(target);
    const double bytes = sizeof(float) * static_cast<double>(s.count()) * k.operands;
    measure(target, k.name, k.part, s.str(), {1e-6 * bytes, "GB/s"}, k.run, stream);
  }
}

}  // namespace sumi::bench
