// The one stream of a CUDA device.
#pragma once

#include "kernels/base/view.h"

struct CUstream_st;

namespace sumi {

// Makes `device`, a CUDA device, the thread's current one and returns its stream, which all threads
// share. It is created at the first call and never destroyed: work may outlive any static object.
CUstream_st* cuda_stream(const Device& device);

}  // namespace sumi
