// Memory-bound kernels: activations, arithmetic, reductions, padding, resizing, losses. More are in
// training_cases.cpp.
#include <map>

#include "bench/memory_bound_cases.h"
#include "kernels/activation.h"
#include "kernels/color.h"
#include "kernels/elementwise.h"
#include "kernels/gaussian_loss.h"
#include "kernels/image_loss.h"
#include "kernels/loss.h"
#include "kernels/pad.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/resize.h"
#include "kernels/softmax.h"
#ifdef SUMI_PEER
#include "kernels/peer/activation.h"
#endif

namespace sumi::bench {
namespace {

using kernels::Binary;
using kernels::Color;
using kernels::Loss;
using kernels::PadGeom;
using kernels::PadMode;
using kernels::Unary;
using R = Arg::Role;
constexpr auto kZero = Arg::Fill::zero;
constexpr Write kOver = Write::overwrite;
constexpr double kSlope = 0.2;

void add_unary(Entries& to, Unary f) {
  const std::string name = kernels::name_of(f);
  to.push_back(
      {name, "fprop", [f](const Shape& s) {
         BenchCase w{.args = {{s, R::in, kPositive}, {s, R::out}}};
         w.variants = [s](DType t, MatmulPrecision) { return kernels::cuda::unary_variants(s.count(), t); };
         if (f == Unary::leaky_relu || f == Unary::tanh) w.args[0].fill = Arg::Fill::random;
         w.run = [f](const Exec& e, const Views& v) { kernels::unary(e, f, kSlope, v[0], v[1]); };
#ifdef SUMI_PEER
         if (kernels::peer::has_activation(f)) {
           w.peer_name = "cudnn";
           w.peer = [f](const Exec& e, const Views& v) { kernels::peer::unary(e, f, kSlope, v[0], v[1]); };
         }
#endif
         return w;
       }});
  to.push_back({name, "grad", [f](const Shape& s) {
                  BenchCase w{.args = {{s}, {s, R::in, kPositive}, {s}, {s, R::out}}};
                  w.variants = [s](DType t, MatmulPrecision) {
                    return kernels::cuda::unary_grad_variants(s.count(), t);
                  };
                  if (f == Unary::log || f == Unary::sqrt) w.args[0].fill = kPositive;
                  // x or its value, whichever the derivative uses, and the gradient.
                  w.numbers = 3 * static_cast<double>(s.count());
                  w.run = [f](const Exec& e, const Views& v) {
                    kernels::unary_grad(e, f, kSlope, v[0], v[1], v[2], v[3], kOver);
                  };
#ifdef SUMI_PEER
                  if (kernels::peer::has_gradient(f)) {
                    w.peer_name = "cudnn";
                    w.peer = [f](const Exec& e, const Views& v) {
                      kernels::peer::unary_grad(e, f, kSlope, v[0], v[1], v[2], v[3], kOver);
                    };
                  }
#endif
                  return w;
                }});
}

void add_arithmetic(Entries& to) {
  for (const Binary b :
       {Binary::add, Binary::sub, Binary::mul, Binary::div, Binary::maximum, Binary::minimum})
    to.push_back({kernels::name_of(b), "", [b](const Shape& s) {
                    BenchCase w{.args = {{s}, {s, R::in, kPositive}, {s, R::out}}};
                    w.run = [b](const Exec& e, const Views& v) {
                      kernels::binary(e, b, v[0], v[1], v[2], kOver);
                    };
                    return w;
                  }});
  to.push_back({"affine", "", [](const Shape& s) {
                  BenchCase w{.args = {{s}, {s, R::out}}};
                  w.run = [](const Exec& e, const Views& v) {
                    kernels::affine(e, v[0], 0.5, 0.25, v[1], kOver);
                  };
                  return w;
                }});
  to.push_back({"fill", "", [](const Shape& s) {
                  BenchCase w{.args = {{s, R::out}}};
                  w.run = [](const Exec& e, const Views& v) { kernels::fill(e, 0.5, v[0]); };
                  return w;
                }});
  to.push_back({"copy_box", "", [](const Shape& s) {
                  BenchCase w{.args = {{s}, {{s.n, s.h, s.w, 2 * s.c}, R::in_out, kZero}}};
                  w.numbers = 2 * static_cast<double>(s.count());
                  w.run = [s](const Exec& e, const Views& v) {
                    kernels::copy_box(e, v[0], {0, 0, 0, 0}, v[1], {0, 0, 0, s.c}, s, kOver);
                  };
                  return w;
                }});
  to.push_back({"sum_to", "", [](const Shape& s) {
                  BenchCase w{.args = {{s}, {Shape::vector(s.c), R::out}}};
                  w.run = [](const Exec& e, const Views& v) { kernels::sum_to(e, v[0], 1, v[1], kOver); };
                  return w;
                }});
  to.push_back({"sum_squares", "", [](const Shape& s) {
                  BenchCase w{.args = {{s}, {Shape::scalar(), R::out}}};
                  w.run = [](const Exec& e, const Views& v) { kernels::sum_squares(e, v[0], v[1]); };
                  return w;
                }});
  to.push_back({"cast", "", [](const Shape& s) {
                  BenchCase w{.args = {{.shape = s, .type = Arg::Type::other}, {s, R::out}}};
                  w.run = [](const Exec& e, const Views& v) { kernels::cast(e, v[0], v[1]); };
                  return w;
                }});
  to.push_back({"count_nonfinite", "", [](const Shape& s) {
                  BenchCase w{.args = {{s}}};
                  w.run = [](const Exec& e, const Views& v) {
                    if (const auto count = kernels::count_nonfinite(e, v[0]); count != 0)
                      fail("count_nonfinite", "found " + std::to_string(count) + " where there are none");
                  };
                  return w;
                }});
}

void add_spatial(Entries& to) {
  constexpr PadGeom border{PadMode::reflect, 1, 1, 1, 1};
  constexpr kernels::ResizeGeom bilinear{kernels::ResizeMode::bilinear, kernels::ResizeCoords::half_pixel};
  constexpr kernels::PoolGeom halves{2, 2};
  using Call = std::function<void(const Exec&, const Views&)>;
  const auto add = [&to](const char* op, const char* part, auto&& args, const Call& run) {
    to.push_back({op, part, [args, run](const Shape& s) {
                    BenchCase w{.args = args(s)};
                    w.run = run;
                    return w;
                  }});
  };
  const auto half = [](const Shape& s) { return Shape{s.n, (s.h + 1) / 2, (s.w + 1) / 2, s.c}; };
  using Args = std::vector<Arg>;
  add(
      "pad", "fprop",
      [=](const Shape& s) {
        return Args{{s}, {border.padded(s), R::out}};
      },
      [=](const Exec& e, const Views& v) { kernels::pad(e, border, v[0], v[1]); });
  add(
      "pad", "grad",
      [=](const Shape& s) {
        return Args{{border.padded(s)}, {s, R::out}};
      },
      [=](const Exec& e, const Views& v) { kernels::pad_grad(e, border, v[0], v[1], kOver); });
  add(
      "resize", "fprop",
      [=](const Shape& s) {
        return Args{{half(s)}, {s, R::out}};
      },
      [=](const Exec& e, const Views& v) { kernels::resize(e, bilinear, v[0], v[1]); });
  add(
      "resize", "grad",
      [=](const Shape& s) {
        return Args{{s}, {half(s), R::out}};
      },
      [=](const Exec& e, const Views& v) { kernels::resize_grad(e, bilinear, v[0], v[1], kOver); });
  add(
      "avg_pool", "fprop",
      [=](const Shape& s) {
        return Args{{s}, {halves.pooled(s), R::out}};
      },
      [=](const Exec& e, const Views& v) { kernels::avg_pool(e, halves, v[0], v[1]); });
  add(
      "avg_pool", "grad",
      [=](const Shape& s) {
        return Args{{halves.pooled(s)}, {s, R::out}};
      },
      [=](const Exec& e, const Views& v) { kernels::avg_pool_grad(e, halves, v[0], v[1], kOver); });
  add(
      "max_pool", "fprop",
      [=](const Shape& s) {
        return Args{{s}, {halves.pooled(s), R::out}};
      },
      [=](const Exec& e, const Views& v) { kernels::max_pool_pick(e, halves, v[0], v[0], v[1]); });
  add(
      "max_pool", "grad",
      [=](const Shape& s) {
        return Args{{s}, {halves.pooled(s)}, {s, R::out}};
      },
      [=](const Exec& e, const Views& v) { kernels::max_pool_grad(e, halves, v[0], v[1], v[2], kOver); });
}

void add_losses(Entries& to) {
  using Args = std::vector<Arg>;
  using Call = std::function<void(const Exec&, const Views&)>;
  const auto add = [&to](const char* op, const char* part, auto&& args, const Call& run) {
    to.push_back({op, part, [args, run](const Shape& s) {
                    BenchCase w{.args = args(s)};
                    w.run = run;
                    return w;
                  }});
  };
  const Shape one = Shape::scalar();
  const auto two_in = [=](const Shape& s) {
    return Args{{s}, {s, R::in, kPositive}, {one, R::out}, {s, R::out}};
  };
  for (const Loss l : {Loss::bce_logits, Loss::squared, Loss::l1, Loss::linear, Loss::hinge, Loss::huber})
    add(kernels::name_of(l), "", two_in,
        [l](const Exec& e, const Views& v) { kernels::loss_mean(e, l, 1, v[0], v[1], 0, v[2], v[3]); });
  add("cross_entropy", "", two_in,
      [](const Exec& e, const Views& v) { kernels::cross_entropy(e, v[0], v[1], v[2], v[3]); });
  add(
      "softmax", "fprop",
      [](const Shape& s) {
        return Args{{s}, {s, R::out}};
      },
      [](const Exec& e, const Views& v) { kernels::softmax(e, v[0], v[1]); });
  add(
      "softmax", "grad",
      [](const Shape& s) {
        return Args{{s, R::in, kPositive}, {s}, {s, R::out}};
      },
      [](const Exec& e, const Views& v) { kernels::softmax_grad(e, v[0], v[1], v[2], kOver); });
  add(
      "gaussian_nll", "",
      [=](const Shape& s) {
        return Args{{s}, {s}, {s}, {one, R::out}, {s, R::out}, {s, R::out}};
      },
      [](const Exec& e, const Views& v) { kernels::gaussian_nll(e, v[0], v[1], v[2], v[3], v[4], v[5]); });
  add(
      "gaussian_kl", "",
      [=](const Shape& s) {
        return Args{{s}, {s}, {one, R::out}, {s, R::out}, {s, R::out}};
      },
      [](const Exec& e, const Views& v) { kernels::gaussian_kl(e, v[0], v[1], v[2], v[3], v[4]); });
  add(
      "total_variation", "",
      [=](const Shape& s) {
        return Args{{s}, {one, R::out}, {s, R::out}};
      },
      [](const Exec& e, const Views& v) { kernels::total_variation(e, v[0], v[1], v[2]); });
  const auto rgb = [](const Shape& s) { return Shape{s.n, s.h, s.w, 3}; };
  add(
      "color_loss", "",
      [=](const Shape& s) {
        return Args{{rgb(s)}, {rgb(s)}, {one, R::out}, {rgb(s), R::out}};
      },
      [](const Exec& e, const Views& v) { kernels::color_loss(e, 1, v[0], v[1], v[2], v[3]); });
  for (const auto& [name, color] :
       {std::pair{"rgb_to_lab", Color::rgb_to_lab}, {"rgb_to_yuv", Color::rgb_to_yuv}}) {
    const Color c = color;
    add(
        name, "fprop",
        [=](const Shape& s) {
          return Args{{rgb(s)}, {rgb(s), R::out}};
        },
        [c](const Exec& e, const Views& v) { kernels::convert_color(e, c, v[0], v[1]); });
    add(
        name, "grad",
        [=](const Shape& s) {
          return Args{{rgb(s)}, {rgb(s)}, {rgb(s), R::out}};
        },
        [c](const Exec& e, const Views& v) { kernels::convert_color_grad(e, c, v[0], v[1], v[2], kOver); });
  }
}

const Entries& entries() {
  static const Entries all = [] {
    Entries made;
    const auto group = [&](const char* what, auto&& add) {
      const std::size_t before = made.size();
      add(made);
      for (std::size_t i = before; i < made.size(); ++i) made[i].what = what;
    };
    group("activation", [](Entries& to) {
      for (const Unary f :
           {Unary::leaky_relu, Unary::relu, Unary::tanh, Unary::sigmoid, Unary::softplus, Unary::exp,
            Unary::log, Unary::sqrt, Unary::square, Unary::abs, Unary::reciprocal, Unary::heaviside})
        add_unary(to, f);
    });
    group("arithmetic", add_arithmetic);
    group("padding, resizing, pooling", add_spatial);
    group("loss, softmax, colors", add_losses);
    group("optimizer, clipping, pool of images", add_training);
    group("random numbers", add_random);
    group("images of bytes, words from the host", add_host);
    return made;
  }();
  return all;
}

}  // namespace

std::vector<OpInfo> memory_operations() {
  std::vector<OpInfo> ops;
  for (const Entry& e : entries()) {
    const char* parts = e.part == "grad" ? "fprop,grad" : e.part.c_str();
    if (!ops.empty() && e.op == ops.back().name)
      ops.back().parts = parts;
    else
      ops.push_back({e.op.c_str(), parts, e.problem, e.what, memory_bound_cases});
  }
  return ops;
}

std::vector<BenchCase> memory_bound_cases(const Filter& filter, const OpInfo& op) {
  const std::string name = op.name;
  std::vector<Layer> problems;
  if (!filter.problems.empty() || !filter.nets.empty() || (name == "leaky_relu" && !filter.small))
    problems = problems_of(name, filter);
  else  // larger than any last-level cache
    problems = {{"", "", filter.small && std::string(op.problem) == kLargeShape ? "2x16x16x32" : op.problem}};
  std::vector<BenchCase> cases;
  for (const Layer& layer : problems) {
    const Shape shape = parse_shape("--problem", layer.problem);
    for (const Entry& entry : entries()) {
      if (entry.op != name || !wants_part(filter, entry.part.empty() ? "fprop" : entry.part)) continue;
      cases.push_back(entry.make(shape));
      BenchCase& bench_case = cases.back();
      bench_case.op = name, bench_case.part = entry.part, bench_case.problem = shape.str();
      bench_case.layer = layer.net.empty() ? "" : layer.net + " " + layer.name;
    }
  }
  return cases;
}

}  // namespace sumi::bench
