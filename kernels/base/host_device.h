// Keywords for functions that run on host and device. They are empty unless the compiler is CUDA's.
#pragma once

#ifdef __CUDACC__
#define SUMI_HOST_DEVICE __host__ __device__
#else
#define SUMI_HOST_DEVICE
#endif
