// Norms: the statistics, their application, both (what a training step's forward pass does), and the gradient.
#include "bench/bench_case.h"
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

// Identity, not an activation: a library's norm has none inside.
Work norm_work(const NormGeom& g, const std::string& op, const std::string& part) {
  Work work{.op = op, .part = part, .problem = g.x.str()};
  const Shape x = g.x, stat = g.stat_shape(), c = Shape::vector(g.x.c);
  const auto count = static_cast<double>(x.count());
  if (part == "stats") {
    work.args = {{x}, out(stat), out(stat)};
    work.run = [g](const Exec& e, const Views& v) { kernels::norm_stats(e, g, v[0], v[1], v[2]); };
    work.numbers = count;
    work.scale = 0.5;  // the mean of numbers in [-1, 1) is nearly zero
  } else if (part == "apply") {
    work.args = {{x}, in(stat), in(stat, kPositive), in(c), in(c), {x, R::out}};
    work.run = [g](const Exec& e, const Views& v) {
      kernels::norm_apply(e, g, v[0], v[1], v[2], v[3], v[4], Unary::identity, 0, {}, v[5]);
    };
    work.numbers = 2 * count;
  } else if (part == "train") {
    work.args = {{x}, in(c), in(c), out(stat), out(stat), {x, R::out}};
    work.run = [g](const Exec& e, const Views& v) {
      kernels::norm_stats(e, g, v[0], v[3], v[4]);
      kernels::norm_apply(e, g, v[0], v[3], v[4], v[1], v[2], Unary::identity, 0, {}, v[5]);
    };
    work.numbers = 3 * count;
    work.scale = 0.5;
  } else if (part == "running") {
    work.args = {in(stat), in(stat, kPositive), in(stat), in(stat, kPositive)};
    work.args[2].role = work.args[3].role = R::in_out;
    work.run = [g](const Exec& e, const Views& v) {
      kernels::norm_running(e, g, v[0], v[1], 0.9, v[2], v[3]);
    };
  } else {
    work.args = {{x}, in(stat), in(stat, kPositive), in(c), in(c), {x}, {x, R::out}, out(c), out(c)};
    work.run = [g](const Exec& e, const Views& v) {
      kernels::norm_backward(e, g, v[0], v[1], v[2], v[3], v[4], Unary::identity, 0, false, v[5], v[6], v[7],
                             Write::overwrite, v[8], Write::overwrite);
    };
    work.numbers = 5 * count;  // its sums must be known before the first gradient: x and dy are read twice
  }
  if (part == "stats" || part == "train")
    work.variants = [g](DType t, MatmulPrecision) { return kernels::cuda::norm_stats_variants(g, t); };
  work.no_peer = g.is_batch() ? "cuDNN makes statistics and applies them in one call: see train"
                              : "cuDNN's norm has one statistic for each channel of a batch";
#ifdef SUMI_PEER
  if (g.is_batch() && (part == "train" || part == "grad")) {
    work.peer_name = "cudnn";
    if (part == "train")
      work.peer = [g](const Exec& e, const Views& v) {
        kernels::peer::batch_norm(e, g, v[0], v[1], v[2], v[3], v[4], v[5]);
      };
    else
      work.peer = [g](const Exec& e, const Views& v) {
        kernels::peer::batch_norm_backward(e, g, v[0], v[1], v[2], v[3], v[5], v[6], v[7], v[8]);
      };
  }
#endif
  return work;
}

}  // namespace

std::vector<Work> norm_cases(const Wanted& wanted, const OpInfo& op) {
  const std::string name = op.name;
  std::vector<Work> works;
  for (const Layer& layer : problems_of(name, wanted)) {
    const Shape x = parse_shape("--problem", layer.problem);
    const NormGeom g{.x = x, .groups = name == "batch_norm" ? 0 : name == "instance_norm" ? x.c : 1};
    for (const char* part : {"stats", "apply", "train", "grad", "running"}) {
      if (std::string(part) == "running" && !g.is_batch()) continue;
      if (!wants_part(wanted, part)) continue;
      works.push_back(norm_work(g, name, part));
      works.back().layer = layer.net.empty() ? "" : layer.net + " " + layer.name;
    }
  }
  return works;
}

}  // namespace sumi::bench
