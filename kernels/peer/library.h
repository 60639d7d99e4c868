// Shared parts of the vendor baselines: library handles, their errors as sumi::Error, and the
// types' names there. cuDNN 9 and cuBLAS serve as baselines for measurements and tests; the engine
// never links them.
#pragma once

#include <cublasLt.h>
#include <cudnn.h>

#include <string>

#include "kernels/base/exec.h"

namespace sumi::kernels::peer {

void check_cudnn(cudnnStatus_t status, const char* call);
void check_cublas(cublasStatus_t status, const char* call);
#define SUMI_CUDNN_CALL(call) ::sumi::kernels::peer::check_cudnn(call, #call)
#define SUMI_CUBLAS_CALL(call) ::sumi::kernels::peer::check_cublas(call, #call)

// This thread's handles. cuDNN's uses exec's stream from now on.
cudnnHandle_t cudnn_handle(const Exec& e);
cublasLtHandle_t cublas_handle();

// The workspace that a library may use, from exec's scratch memory.
inline constexpr std::size_t kWorkspace = std::size_t{256} << 20;

inline cudnnDataType_t cudnn_type(DType t) {
  return t == DType::bf16 ? CUDNN_DATA_BFLOAT16 : t == DType::f64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
}

// A descriptor bound to a scope; make and drop are the library's functions for it.
template <class T, cudnnStatus_t (*make)(T*), cudnnStatus_t (*drop)(T)>
class Descriptor {
 public:
  Descriptor() { check_cudnn(make(&value_), "cudnnCreate...Descriptor"); }
  ~Descriptor() { (void)drop(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator T() const { return value_; }

 private:
  T value_{};
};
using TensorDescriptor =
    Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;

inline void set(const TensorDescriptor& d, DType t, const Shape& s) {
  const auto i = [](std::int64_t v) { return static_cast<int>(v); };
  SUMI_CUDNN_CALL(
      cudnnSetTensor4dDescriptor(d, CUDNN_TENSOR_NHWC, cudnn_type(t), i(s.n), i(s.c), i(s.h), i(s.w)));
}

}  // namespace sumi::kernels::peer
