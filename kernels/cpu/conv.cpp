// Convolution on the CPU: selection of the implementation, and bf16 via f32 on processors that
// cannot multiply it.
#include "kernels/conv_plan.h"
#include "kernels/cpu/conv_own.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/winograd.h"

namespace sumi::kernels::cpu {
namespace {

bool is_depthwise(const ConvGeom& g) {
  return g.o.groups > 1 && g.o.groups == g.c && g.c == g.k;
}

// Few channels on the written side: a blocked product would compute sixteen of them.
bool folds_fprop(const ConvGeom& g) {
  return g.o.groups == 1 && g.o.stride == 1 && g.k <= 8 && g.c >= 16 && g.r * g.s * g.k >= 12 &&
         g.p * g.q > 1;
}
bool folds_dgrad(const ConvGeom& g) {
  return g.o.groups == 1 && g.c <= 8 && g.k >= 8 && g.r * g.s * g.c >= 12;
}

// dy has few channels and takes x's role.
bool swaps_wgrad(const ConvGeom& g) {
  const auto& o = g.o;
  return o.groups == 1 && o.stride == 1 && o.dilation == 1 && g.k <= 8 && g.c >= 16 && g.p * g.q > 1 &&
         std::max(o.pad_top, o.pad_bottom) < g.r && std::max(o.pad_left, o.pad_right) < g.s;
}
bool is_full(const ConvGeom& g) {
  const auto& o = g.o;
  return o.groups == 1 && o.dilation == 1 && g.p * g.q == 1 && g.h == g.r && g.w == g.s && o.pad_top == 0 &&
         o.pad_left == 0;
}

struct Choice {
  const char* name;
  ConvForm* run;
};

Choice choose_fprop(const ConvGeom& g) {
  if (is_depthwise(g)) return {"own depthwise", depthwise_fprop};
  if (is_full(g)) return {"own gemm", full_fprop};
  if (folds_fprop(g)) return {"own gemm+fold", folded_fprop};
  return {"own implicit gemm", own_fprop};
}
Choice choose_dgrad(const ConvGeom& g) {
  if (is_depthwise(g)) return {"own depthwise", depthwise_dgrad};
  if (is_full(g)) return {"own gemm", full_dgrad};
  if (folds_dgrad(g)) return {"own gemm+fold", folded_dgrad};
  return {"own implicit gemm", own_dgrad};
}
Choice choose_wgrad(const ConvGeom& g) {
  if (is_depthwise(g)) return {"own depthwise", depthwise_wgrad};
  if (is_full(g)) return {"own gemm", full_wgrad};
  if (swaps_wgrad(g)) return {"own swapped gemm", swapped_wgrad};
  return {"own implicit gemm", own_wgrad};
}

Choice choose(Direction d, const ConvGeom& g) {
  return d == Direction::fprop ? choose_fprop(g) : d == Direction::dgrad ? choose_dgrad(g) : choose_wgrad(g);
}

void run_f32(const Exec& e, Direction d, const ConvGeom& g, const ConvOperands& a) {
  const ConvCall use{d, g};
  if (e.conv_uses) e.conv_uses->uses.push_back(use);
  const ConvAlgorithm method = conv_method(e.conv, use);
  if (method == ConvAlgorithm::winograd) {
    e.ran("own winograd");
    return winograd(e, d, g, a);
  }
  if (method == ConvAlgorithm::onednn && onednn_conv(e, d, g, a)) return;
  const Choice own = choose(d, g);
  e.ran(own.name);
  own.run(e, g, a);
}

// Memory for bf16 operands widened to f32. Kept from one convolution to the next, separate from the
// Exec's scratch memory, which the convolution itself uses; large blocks are released.
Scratch& widened_operands() {
  thread_local Scratch kept;
  return kept;
}
constexpr std::size_t kMostKept = std::size_t{64} << 20;

// Runs on the operands directly, or on f32 copies of bf16 operands.
void run(const Exec& e, Direction d, const ConvGeom& g, View x, View w, View y, View bias, bool accumulate) {
  const View out = d == Direction::fprop ? y : d == Direction::dgrad ? x : w;
  const auto data = [](View v) { return static_cast<float*>(const_cast<void*>(v.data)); };
  if (out.dtype == DType::f32) return run_f32(e, d, g, {data(x), data(w), data(y), data(bias), accumulate});
  const auto half = [](View v) { return static_cast<bf16*>(const_cast<void*>(v.data)); };
  if (e.conv.backend != ConvBackend::native &&
      onednn_conv(e, d, g, ConvOperandsBf16{half(x), half(w), half(y), half(bias), accumulate}))
    return;
  Exec outer = e;
  outer.scratch = &widened_operands();
  Workspace space(outer);
  const auto px = space.add<float>(x.count()), pw = space.add<float>(w.count());
  const auto py = space.add<float>(y.count()), pb = space.add<float>(bias.count());
  space.allocate();
  const char* const where = "conv";
  if (d != Direction::dgrad) load_f32(where, x, space.at<float>(px));
  if (d != Direction::wgrad || accumulate) load_f32(where, w, space.at<float>(pw));
  if (d != Direction::fprop) load_f32(where, y, space.at<float>(py));
  if (bias) load_f32(where, bias, space.at<float>(pb));
  run_f32(e, d, g,
          {space.at<float>(px), space.at<float>(pw), space.at<float>(py),
           bias ? space.at<float>(pb) : nullptr, accumulate});
  if (e.log && !e.log->empty()) e.log->back() += " (f32)";
  const MutView to{const_cast<void*>(out.data), out.dtype, out.shape, out.device, out.halo};
  store_f32(where, space.at<float>(d == Direction::fprop ? py : d == Direction::dgrad ? px : pw), to);
  if (outer.scratch->size() > kMostKept) outer.scratch->release();
}

// Rejects f64 before anything is read.
void check_dtype(const char* where, View v) {
  dispatch_f32_bf16(where, v.dtype, []<class T>() {});
}

}  // namespace

bool conv_possible(ConvAlgorithm method, const ConvCall& use) {
  if (method == ConvAlgorithm::winograd) return winograd_knows(use.geom);
  return method == ConvAlgorithm::native || has_onednn();
}

bool conv_available(ConvAlgorithm method, const ConvCall& use, DType dtype) {
  if (method != ConvAlgorithm::onednn) return conv_possible(method, use);
  return onednn_knows(use.direction, use.geom, dtype);
}

ConvAlgorithm conv_method(const ConvPolicy& policy, const ConvCall& use) {
  const auto allowed = [&](ConvAlgorithm m) {
    return conv_possible(m, use) && !(m == ConvAlgorithm::winograd && policy.exact);
  };
  if (policy.backend == ConvBackend::onednn) return ConvAlgorithm::onednn;
  if (policy.plan) {
    const auto found = policy.plan->methods.find(use.str());
    if (found != policy.plan->methods.end() && allowed(found->second)) return found->second;
  }
  if (!policy.exact && prefers_winograd(use.direction, use.geom)) return ConvAlgorithm::winograd;
  return policy.backend == ConvBackend::automatic && prefers_onednn(use.direction, use.geom)
             ? ConvAlgorithm::onednn
             : ConvAlgorithm::native;
}

void conv_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  check_dtype(g.fprop_name(), y);
  run(e, Direction::fprop, g, x, w, y, bias, false);
}

void conv_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  check_dtype(g.dgrad_name(), dx);
  run(e, Direction::dgrad, g, dx, w, dy, bias, false);
}

void conv_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  check_dtype(g.wgrad_name(), dw);
  run(e, Direction::wgrad, g, x, dw, dy, {}, write == Write::accumulate);
}

}  // namespace sumi::kernels::cpu
