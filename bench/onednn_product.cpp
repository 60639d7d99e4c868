// oneDNN's matrix product, the baseline on the CPU.
#include "bench/bench_run.h"
#include "kernels/gemm.h"

#ifdef SUMI_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#endif

namespace sumi::bench {

std::function<void(const Exec&, const Views&)> cpu_product_peer(const BenchCase& bench_case) {
#ifdef SUMI_ONEDNN
  if (bench_case.op != "dense") return {};
  const auto g = kernels::GemmGeom::parse(bench_case.op, bench_case.problem);
  return [g](const Exec& e, const Views& v) {
    e.ran("onednn sgemm");
    for (std::int64_t b = 0; b < g.batch; ++b)
      if (dnnl_sgemm(g.trans_a ? 'T' : 'N', g.trans_b ? 'T' : 'N', g.m, g.n, g.k, 1,
                     v[0].as<float>() + b * g.m * g.k, g.trans_a ? g.m : g.k,
                     v[1].as<float>() + b * g.k * g.n, g.trans_b ? g.k : g.n, 0,
                     v[2].as<float>() + b * g.m * g.n, g.n) != dnnl_success)
        fail("dnnl_sgemm", "refused " + g.str());
  };
#else
  (void)bench_case;
  return {};
#endif
}

}  // namespace sumi::bench
