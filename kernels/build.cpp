#include "kernels/build.h"

namespace sumi::kernels {

const char* cpu_library() {
#ifdef SUMI_ONEDNN
  return "oneDNN";
#else
  return "own kernels";
#endif
}

bool cuda_is_emulated() {
#ifdef SUMI_CUDA
  return false;
#else
  return true;
#endif
}

}  // namespace sumi::kernels
