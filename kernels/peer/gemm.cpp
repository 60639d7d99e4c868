#include "kernels/peer/gemm.h"

#include <map>
#include <memory>

#include "kernels/peer/library.h"

namespace sumi::kernels::peer {
namespace {

// cublasLt's description of one product, and its choice. Its matrices are column-major, so it
// computes y^T = op(b)^T op(a)^T, whose memory is that of row-major y.
struct Plan {
  cublasLtMatmulDesc_t product{};
  cublasLtMatrixLayout_t a{}, b{}, y{};
  cublasLtMatmulAlgo_t algo{};
  std::string name;

  Plan(const GemmGeom& g, DType t, MatmulPrecision multiply, bool has_bias);
  ~Plan() {
    for (const auto layout : {a, b, y})
      if (layout) (void)cublasLtMatrixLayoutDestroy(layout);
    if (product) (void)cublasLtMatmulDescDestroy(product);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

 private:
  void choose();
};

cublasLtMatrixLayout_t layout_of(DType t, std::int64_t rows, std::int64_t cols, std::int64_t batch,
                                 bool shared) {
  cublasLtMatrixLayout_t layout{};
  const cudaDataType_t type = t == DType::bf16 ? CUDA_R_16BF : CUDA_R_32F;
  SUMI_CUBLAS_CALL(cublasLtMatrixLayoutCreate(&layout, type, static_cast<std::uint64_t>(rows),
                                              static_cast<std::uint64_t>(cols), rows));
  const auto count = static_cast<std::int32_t>(batch);
  const std::int64_t stride = shared ? 0 : rows * cols;
  SUMI_CUBLAS_CALL(
      cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof(count)));
  SUMI_CUBLAS_CALL(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                                    &stride, sizeof(stride)));
  return layout;
}

Plan::Plan(const GemmGeom& g, DType t, MatmulPrecision multiply, bool has_bias) {
  const cublasComputeType_t compute = t == DType::f32 && multiply == MatmulPrecision::tf32
                                          ? CUBLAS_COMPUTE_32F_FAST_TF32
                                          : CUBLAS_COMPUTE_32F;
  SUMI_CUBLAS_CALL(cublasLtMatmulDescCreate(&product, compute, CUDA_R_32F));
  const cublasOperation_t op_a = g.trans_a ? CUBLAS_OP_T : CUBLAS_OP_N,
                          op_b = g.trans_b ? CUBLAS_OP_T : CUBLAS_OP_N;
  SUMI_CUBLAS_CALL(cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_TRANSA, &op_b, sizeof(op_b)));
  SUMI_CUBLAS_CALL(cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_TRANSB, &op_a, sizeof(op_a)));
  if (has_bias) {
    const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    SUMI_CUBLAS_CALL(
        cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof(epilogue)));
  }
  b = layout_of(t, g.trans_b ? g.k : g.n, g.trans_b ? g.n : g.k, g.batch, g.b_batch == 1);
  a = layout_of(t, g.trans_a ? g.m : g.k, g.trans_a ? g.k : g.m, g.batch, g.a_batch == 1);
  y = layout_of(t, g.n, g.m, g.batch, false);
  choose();
}

void Plan::choose() {
  cublasLtMatmulPreference_t preference{};
  SUMI_CUBLAS_CALL(cublasLtMatmulPreferenceCreate(&preference));
  const std::size_t most = kWorkspace;
  SUMI_CUBLAS_CALL(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                        &most, sizeof(most)));
  cublasLtMatmulHeuristicResult_t best{};
  int count = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(cublas_handle(), product, b, a, y, y, preference, 1, &best, &count);
  (void)cublasLtMatmulPreferenceDestroy(preference);
  check_cublas(status, "cublasLtMatmulAlgoGetHeuristic");
  if (count == 0) fail("peer gemm", "cublasLt has no algorithm for this product");
  algo = best.algo;
  std::int32_t id = 0;
  std::uint32_t tile = 0, stages = 0;
  std::size_t written = 0;
  (void)cublasLtMatmulAlgoConfigGetAttribute(&algo, CUBLASLT_ALGO_CONFIG_ID, &id, sizeof(id), &written);
  (void)cublasLtMatmulAlgoConfigGetAttribute(&algo, CUBLASLT_ALGO_CONFIG_TILE_ID, &tile, sizeof(tile),
                                             &written);
  (void)cublasLtMatmulAlgoConfigGetAttribute(&algo, CUBLASLT_ALGO_CONFIG_STAGES_ID, &stages, sizeof(stages),
                                             &written);
  name = "cublasLt algorithm " + std::to_string(id) + " tile " + std::to_string(tile) + " stages " +
         std::to_string(stages);
}

}  // namespace

void gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  check_on_device("peer gemm", e, {a, b, bias, y});
  check_same_dtype("peer gemm", {a, b, bias, y});
  const MatmulPrecision multiply = resolved(e.multiply, e.device);
  thread_local std::map<std::string, std::unique_ptr<Plan>> plans;
  auto& plan = plans[g.str() + std::to_string(g.a_batch) + ":" + std::to_string(g.b_batch) +
                     name_of(y.dtype) + name_of(multiply) + (bias ? "b" : "")];
  if (!plan) plan = std::make_unique<Plan>(g, y.dtype, multiply, static_cast<bool>(bias));
  if (bias)
    SUMI_CUBLAS_CALL(cublasLtMatmulDescSetAttribute(plan->product, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
                                                    &bias.data, sizeof(bias.data)));
  const float one = 1, beta = write == Write::accumulate ? 1.0F : 0.0F;
  SUMI_CUBLAS_CALL(cublasLtMatmul(cublas_handle(), plan->product, &one, b.data, plan->b, a.data, plan->a,
                                  &beta, y.data, plan->y, y.data, plan->y, &plan->algo,
                                  e.scratch->get(kWorkspace), kWorkspace, e.stream));
  e.ran(plan->name.c_str());
}

}  // namespace sumi::kernels::peer
