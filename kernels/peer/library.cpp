#include "kernels/peer/library.h"

namespace sumi::kernels::peer {

void check_cudnn(cudnnStatus_t status, const char* call) {
  if (status != CUDNN_STATUS_SUCCESS)
    fail("cudnn", std::string(cudnnGetErrorString(status)) + " from " + std::string(call).substr(0, 60));
}

void check_cublas(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS)
    fail("cublas", std::string(cublasLtGetStatusString(status)) + " from " + std::string(call).substr(0, 60));
}

cudnnHandle_t cudnn_handle(const Exec& e) {
  thread_local cudnnHandle_t handle = [] {
    cudnnHandle_t made{};
    SUMI_CUDNN_CALL(cudnnCreate(&made));
    return made;  // kept until exit, when the driver may already be unloaded
  }();
  SUMI_CUDNN_CALL(cudnnSetStream(handle, e.stream));
  return handle;
}

cublasLtHandle_t cublas_handle() {
  thread_local cublasLtHandle_t handle = [] {
    cublasLtHandle_t made{};
    SUMI_CUBLAS_CALL(cublasLtCreate(&made));
    return made;
  }();
  return handle;
}

}  // namespace sumi::kernels::peer
