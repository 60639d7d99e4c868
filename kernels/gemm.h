// Batched matrix product.
#pragma once

#include "kernels/base/exec.h"
#include "kernels/base/problem_string.h"

namespace sumi::kernels {

// y[batch,m,n] (+)= op(a) op(b) + bias, where op(a) is [m,k] (a is stored [k,m] if trans_a) and
// op(b) is [k,n] (stored [n,k] if trans_b). If a or b has a batch of 1 (a_batch, b_batch), it is
// used for every product. Each operand's view holds batch * rows * cols elements, whatever its four
// sizes are.
struct GemmGeom {
  std::int64_t batch = 1, m = 0, n = 0, k = 0;
  bool trans_a = false, trans_b = false;
  std::int64_t a_batch = 1, b_batch = 1;  // 1 or batch

  std::string str() const {
    return std::string("b") + std::to_string(batch) + "m" + std::to_string(m) + "n" + std::to_string(n) +
           "k" + std::to_string(k) + (trans_a ? "t" : "n") + (trans_b ? "t" : "n");
  }
  // The inverse of str(). b and the last two letters are optional; they default to one product of
  // untransposed matrices.
  static GemmGeom parse(const std::string& where, std::string text) {
    GemmGeom g;
    const std::size_t last = text.find_last_not_of("nt") + 1;  // end of k's digits
    const std::string trans = text.substr(last);
    if (!trans.empty() && trans.size() != 2)
      fail(where, "'" + text + "' ends in '" + trans + "', expected nn, nt, tn or tt");
    if (!trans.empty()) g.trans_a = trans[0] == 't', g.trans_b = trans[1] == 't';
    const ProblemString t(where, text.substr(0, last), "bmnk");
    g.batch = g.a_batch = g.b_batch = t.get('b', 1);
    g.m = t.need('m'), g.n = t.need('n'), g.k = t.need('k');
    check_count(where, "a", {g.batch, g.m, g.k});
    check_count(where, "b", {g.batch, g.k, g.n});
    check_count(where, "y", {g.batch, g.m, g.n});
    return g;
  }
};

// bias: absent or [n]. One dtype for all; accumulates in f32 or wider.
using Gemm = void(const Exec&, const GemmGeom&, View a, View b, View bias, MutView y, Write);

namespace ref {
Gemm gemm;
}
namespace cpu {
Gemm gemm;
}
namespace cuda {
Gemm gemm;
}

inline void gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  check_on_device("gemm", e, {a, b, bias, y});
  check_same_dtype("gemm", {a, b, bias, y});
  if (a.count() != g.a_batch * g.m * g.k || b.count() != g.b_batch * g.k * g.n ||
      y.count() != g.batch * g.m * g.n || (bias && bias.count() != g.n) ||
      (g.a_batch != 1 && g.a_batch != g.batch) || (g.b_batch != 1 && g.b_batch != g.batch))
    fail("gemm", "a " + a.shape.str() + " and b " + b.shape.str() + " do not make y " + y.shape.str() +
                     " as " + g.str());
  on_device(
      "gemm", e, [&] { ref::gemm(e, g, a, b, bias, y, write); },
      [&] { cpu::gemm(e, g, a, b, bias, y, write); }, [&] { cuda::gemm(e, g, a, b, bias, y, write); });
}

}  // namespace sumi::kernels
