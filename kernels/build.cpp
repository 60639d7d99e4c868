#include "kernels/build.h"

namespace sumi::kernels {

const char* cpu_library() {
#ifdef SUMI_ONEDNN
  return "oneDNN";
#else
  return "own kernels";
#endif
}

}  // namespace sumi::kernels
