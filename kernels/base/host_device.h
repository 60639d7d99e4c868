// Keywords of device code, empty where the compiler is not CUDA's, so that one function serves host and
// device.
#pragma once

#ifdef __CUDACC__
#define SUMI_HOST_DEVICE __host__ __device__
#else
#define SUMI_HOST_DEVICE
#endif
