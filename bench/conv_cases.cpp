// Cases of convolution and transposed convolution, with each output by its definition.
#include "bench/bench_case.h"
#include "kernels/conv.h"
#ifdef SUMI_PEER
#include "kernels/peer/conv.h"
#endif

namespace sumi::bench {
namespace {

using kernels::ConvDirection;
using kernels::ConvGeom;

double product(float a, float b) {
  return static_cast<double>(a) * static_cast<double>(b);
}

// y[n,p,q,k] of x and w.
double expect_fprop(const ConvGeom& g, const std::vector<float>& x, const std::vector<float>& w,
                    std::int64_t at) {
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups;
  const std::int64_t k = at % g.k, q = at / g.k % g.q, p = at / (g.k * g.q) % g.p, n = at / (g.k * g.q * g.p);
  double sum = 0;
  for (std::int64_t r = 0; r < g.r; ++r)
    for (std::int64_t s = 0; s < g.s; ++s) {
      const std::int64_t row = p * g.o.stride + r * g.o.dilation - g.o.pad_top;
      const std::int64_t col = q * g.o.stride + s * g.o.dilation - g.o.pad_left;
      if (row < 0 || row >= g.h || col < 0 || col >= g.w) continue;
      const float* pixel =
          &x[static_cast<std::size_t>(((n * g.h + row) * g.w + col) * g.c + k / group_k * group_c)];
      const float* tap = &w[static_cast<std::size_t>(((k * g.r + r) * g.s + s) * group_c)];
      for (std::int64_t c = 0; c < group_c; ++c) sum += product(pixel[c], tap[c]);
    }
  return sum;
}

// dx[n,h,v,c] of dy and w: the sum over output pixels (p, q) and taps (r, s) that meet there.
double expect_dgrad(const ConvGeom& g, const std::vector<float>& dy, const std::vector<float>& w,
                    std::int64_t at) {
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups;
  const std::int64_t c = at % g.c, v = at / g.c % g.w, h = at / (g.c * g.w) % g.h, n = at / (g.c * g.w * g.h);
  const std::int64_t first_k = c / group_c * group_k;
  double sum = 0;
  for (std::int64_t r = 0; r < g.r; ++r)
    for (std::int64_t s = 0; s < g.s; ++s) {
      const std::int64_t row = h + g.o.pad_top - r * g.o.dilation, col = v + g.o.pad_left - s * g.o.dilation;
      if (row < 0 || col < 0 || row % g.o.stride != 0 || col % g.o.stride != 0) continue;
      const std::int64_t p = row / g.o.stride, q = col / g.o.stride;
      if (p >= g.p || q >= g.q) continue;
      for (std::int64_t k = first_k; k < first_k + group_k; ++k)
        sum += product(dy[static_cast<std::size_t>(((n * g.p + p) * g.q + q) * g.k + k)],
                       w[static_cast<std::size_t>(((k * g.r + r) * g.s + s) * group_c + c % group_c)]);
    }
  return sum;
}

// dw[k,r,s,c] of x and dy.
double expect_wgrad(const ConvGeom& g, const std::vector<float>& x, const std::vector<float>& dy,
                    std::int64_t at) {
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups;
  const std::int64_t c = at % group_c, s = at / group_c % g.s, r = at / (group_c * g.s) % g.r;
  const std::int64_t k = at / (group_c * g.s * g.r), from = k / group_k * group_c + c;
  double sum = 0;
  for (std::int64_t n = 0; n < g.n; ++n)
    for (std::int64_t p = 0; p < g.p; ++p)
      for (std::int64_t q = 0; q < g.q; ++q) {
        const std::int64_t row = p * g.o.stride + r * g.o.dilation - g.o.pad_top;
        const std::int64_t col = q * g.o.stride + s * g.o.dilation - g.o.pad_left;
        if (row < 0 || row >= g.h || col < 0 || col >= g.w) continue;
        sum += product(x[static_cast<std::size_t>(((n * g.h + row) * g.w + col) * g.c + from)],
                       dy[static_cast<std::size_t>(((n * g.p + p) * g.q + q) * g.k + k)]);
      }
  return sum;
}

// One of the three computations of `g`, as operation `part`. Operands: the two inputs, then the
// result.
BenchCase conv_work(const ConvGeom& g, ConvDirection d, const std::string& part) {
  const bool f = d == ConvDirection::fprop, dg = d == ConvDirection::dgrad;
  BenchCase bench_case{.op = g.transposed ? "conv_transpose" : "conv", .part = part, .problem = g.str()};
  bench_case.variants = [g, d](DType t, MatmulPrecision m) {
    return kernels::cuda::conv_variants(d, g, t, m);
  };
  bench_case.direction = d;
  bench_case.geom = g;
  bench_case.flop = 2 * static_cast<double>(g.macs());
  const Shape x = g.x_shape(), w = g.w_shape(), y = g.y_shape();
  using R = Arg::Role;
  if (f) {
    bench_case.args = {{x}, {w}, {y, R::out}};
    bench_case.run = [g](const Exec& e, const Views& v) { kernels::conv_fprop(e, g, v[0], v[1], {}, v[2]); };
    bench_case.expect = [g](const Values& v, std::int64_t at) { return expect_fprop(g, v[0], v[1], at); };
  } else if (dg) {
    bench_case.args = {{y}, {w}, {x, R::out}};
    bench_case.run = [g](const Exec& e, const Views& v) { kernels::conv_dgrad(e, g, v[0], v[1], {}, v[2]); };
    bench_case.expect = [g](const Values& v, std::int64_t at) { return expect_dgrad(g, v[0], v[1], at); };
  } else {
    bench_case.args = {{x}, {y}, {w, R::out}};
    bench_case.run = [g](const Exec& e, const Views& v) {
      kernels::conv_wgrad(e, g, v[0], v[1], v[2], Write::overwrite);
    };
    bench_case.expect = [g](const Values& v, std::int64_t at) { return expect_wgrad(g, v[0], v[1], at); };
  }
  bench_case.no_peer = "cuDNN's convolutions pad both sides alike";
#ifdef SUMI_PEER
  if (!kernels::peer::conv_fits(g)) return bench_case;
  bench_case.peer_name = "cudnn";
  if (f)
    bench_case.peer = [g](const Exec& e, const Views& v) {
      kernels::peer::conv_fprop(e, g, v[0], v[1], {}, v[2]);
    };
  else if (dg)
    bench_case.peer = [g](const Exec& e, const Views& v) {
      kernels::peer::conv_dgrad(e, g, v[0], v[1], {}, v[2]);
    };
  else
    bench_case.peer = [g](const Exec& e, const Views& v) {
      kernels::peer::conv_wgrad(e, g, v[0], v[1], v[2], Write::overwrite);
    };
#endif
  return bench_case;
}

}  // namespace

std::vector<BenchCase> conv_cases(const Filter& filter, const OpInfo& op) {
  const bool transposed = std::string(op.name) == "conv_transpose";
  std::vector<BenchCase> cases;
  for (const Layer& layer : problems_of(op.name, filter)) {
    const ConvGeom g = ConvGeom::parse("--problem", layer.problem, transposed);
    const auto add = [&](const char* part, ConvDirection d) {
      if (!wants_part(filter, part)) return;
      cases.push_back(conv_work(g, d, part));
      cases.back().layer = layer.net.empty() ? "" : layer.net + " " + layer.name;
    };
    add("fprop", transposed ? ConvDirection::dgrad : ConvDirection::fprop);
    add("dgrad", transposed ? ConvDirection::fprop : ConvDirection::dgrad);
    add("wgrad", ConvDirection::wgrad);
  }
  return cases;
}

}  // namespace sumi::bench
