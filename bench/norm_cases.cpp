// Norm cases: the statistics, their application, both (the forward pass of a training step), and
// the gradient. FiLM, a scale and a shift for each sample without statistics, stands beside them.
#include "bench/bench_case.h"
#include "kernels/film.h"
#include "kernels/norm.h"
#ifdef SUMI_PEER
#include "kernels/peer/norm.h"
#endif

namespace sumi::bench {
namespace {

using kernels::NormGeom;
using kernels::Unary;
using R = Arg::Role;

// Statistics and parameters, which are never bf16.
Arg in(const Shape& shape, Arg::Fill fill = Arg::Fill::random) {
  return {shape, R::in, fill, Arg::Type::wide};
}
Arg out(const Shape& shape) {
  return {shape, R::out, Arg::Fill::random, Arg::Type::wide};
}

// Identity instead of an activation, because library norms do not fuse one.
BenchCase norm_work(const NormGeom& g, const std::string& op, const std::string& part) {
  BenchCase bench_case{.op = op, .part = part, .problem = g.x.str()};
  const Shape x = g.x, stat = g.stat_shape(), c = Shape::vector(g.x.c);
  const auto count = static_cast<double>(x.count());
  if (part == "stats") {
    bench_case.args = {{x}, out(stat), out(stat)};
    bench_case.run = [g](const Exec& e, const Views& v) { kernels::norm_stats(e, g, v[0], v[1], v[2]); };
    bench_case.numbers = count;
    bench_case.scale = 0.5;  // the mean of values in [-1, 1) is nearly zero
  } else if (part == "apply") {
    bench_case.args = {{x}, in(stat), in(stat, kPositive), in(c), in(c), {x, R::out}};
    bench_case.run = [g](const Exec& e, const Views& v) {
      kernels::norm_apply(e, g, v[0], v[1], v[2], v[3], v[4], Unary::identity, 0, {}, v[5]);
    };
    bench_case.numbers = 2 * count;
  } else if (part == "train") {
    bench_case.args = {{x}, in(c), in(c), out(stat), out(stat), {x, R::out}};
    bench_case.run = [g](const Exec& e, const Views& v) {
      kernels::norm_stats(e, g, v[0], v[3], v[4]);
      kernels::norm_apply(e, g, v[0], v[3], v[4], v[1], v[2], Unary::identity, 0, {}, v[5]);
    };
    bench_case.numbers = 3 * count;
    bench_case.scale = 0.5;
  } else if (part == "running") {
    bench_case.args = {in(stat), in(stat, kPositive), in(stat), in(stat, kPositive)};
    bench_case.args[2].role = bench_case.args[3].role = R::in_out;
    bench_case.run = [g](const Exec& e, const Views& v) {
      kernels::norm_running(e, g, v[0], v[1], 0.9, v[2], v[3]);
    };
  } else {
    bench_case.args = {{x}, in(stat), in(stat, kPositive), in(c), in(c), {x}, {x, R::out}, out(c), out(c)};
    bench_case.run = [g](const Exec& e, const Views& v) {
      kernels::norm_backward(e, g, v[0], v[1], v[2], v[3], v[4], Unary::identity, 0, false, v[5], v[6], v[7],
                             Write::overwrite, v[8], Write::overwrite);
    };
    bench_case.numbers =
        5 * count;  // the sums must be known before the first gradient, so x and dy are read twice
  }
  if (part == "stats" || part == "train")
    bench_case.variants = [g](DType t, MatmulPrecision) { return kernels::cuda::norm_stats_variants(g, t); };
  bench_case.no_peer = g.is_batch() ? "cuDNN makes statistics and applies them in one call: see train"
                                    : "cuDNN's norm has one statistic for each channel of a batch";
#ifdef SUMI_PEER
  if (g.is_batch() && (part == "train" || part == "grad")) {
    bench_case.peer_name = "cudnn";
    if (part == "train")
      bench_case.peer = [g](const Exec& e, const Views& v) {
        kernels::peer::batch_norm(e, g, v[0], v[1], v[2], v[3], v[4], v[5]);
      };
    else
      bench_case.peer = [g](const Exec& e, const Views& v) {
        kernels::peer::batch_norm_backward(e, g, v[0], v[1], v[2], v[3], v[5], v[6], v[7], v[8]);
      };
  }
#endif
  return bench_case;
}

// Leaky ReLU of slope 0.2 as in the stylizer, without a border.
BenchCase film_case(const Shape& x, const std::string& part) {
  constexpr double kSlope = 0.2;
  BenchCase bench_case{.op = "film", .part = part, .problem = x.str()};
  const Shape vector{x.n, 1, 1, x.c};
  const auto count = static_cast<double>(x.count());
  if (part == "apply") {
    bench_case.args = {{x}, in(vector), in(vector), {x, R::out}};
    bench_case.run = [](const Exec& e, const Views& v) {
      kernels::film(e, v[0], v[1], v[2], kSlope, {}, {}, v[3]);
    };
    bench_case.numbers = 2 * count;
  } else {
    bench_case.args = {{x}, in(vector), in(vector), {x}, {x, R::out}, out(vector), out(vector)};
    bench_case.run = [](const Exec& e, const Views& v) {
      kernels::film_backward(e, v[0], v[1], v[2], kSlope, v[3], v[4], v[5], v[6]);
    };
    bench_case.numbers = 3 * count;
  }
  return bench_case;
}

}  // namespace

std::vector<BenchCase> norm_cases(const Filter& filter, const OpInfo& op) {
  const std::string name = op.name;
  std::vector<BenchCase> cases;
  for (const Layer& layer : problems_of(name, filter)) {
    const Shape x = parse_shape("--problem", layer.problem);
    const NormGeom g{.x = x, .groups = name == "batch_norm" ? 0 : name == "instance_norm" ? x.c : 1};
    for (const char* part : {"stats", "apply", "train", "grad", "running"}) {
      if (std::string(part) == "running" && !g.is_batch()) continue;
      if (!wants_part(filter, part)) continue;
      cases.push_back(norm_work(g, name, part));
      cases.back().layer = layer.net.empty() ? "" : layer.net + " " + layer.name;
    }
  }
  return cases;
}

std::vector<BenchCase> film_cases(const Filter& filter, const OpInfo& op) {
  std::vector<BenchCase> cases;
  for (const Layer& layer : problems_of(op.name, filter))
    for (const char* part : {"apply", "grad"})
      if (wants_part(filter, part)) cases.push_back(film_case(parse_shape("--problem", layer.problem), part));
  return cases;
}

}  // namespace sumi::bench
