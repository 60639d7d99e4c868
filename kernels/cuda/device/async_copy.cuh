// Copies from device memory to shared memory that run while the thread goes on (cp.async, sm_80 and
// up): a tile can be on its way while the one before it is being multiplied, and it passes through
// no register.
#pragma once

#include <cstddef>

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

// `bytes` (4, 8 or 16) from `source`, or zeros where it is null; then `anywhere`, an address that
// could be read, stands in for it. Addresses are multiples of `bytes`. The copies that a thread
// issued before async_commit() form a group.
template <std::size_t bytes>
__device__ void async_copy(void* shared, const void* source, [[maybe_unused]] const void* anywhere) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
#ifdef SUMI_CUDA
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  const unsigned read = source ? static_cast<unsigned>(bytes) : 0;  // the rest is filled with zeros
  const void* from = source ? source : anywhere;
  // only this size can pass by the L1 cache, where a tile would not be read again
  if constexpr (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(read) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(from),
                 "n"(static_cast<int>(bytes)), "r"(read)
                 : "memory");
#else
  alignas(16) static constexpr unsigned char zeros[16] = {};
  emu::async_copy(shared, source ? source : zeros, bytes);
#endif
}

__device__ inline void async_commit() {
#ifdef SUMI_CUDA
  asm volatile("cp.async.commit_group;" ::: "memory");
#else
  emu::async_commit();
#endif
}

// Waits for this thread's copies but those of its `newest_left` newest groups. Other threads' need
// a barrier as well.
template <int newest_left>
__device__ void async_wait() {
#ifdef SUMI_CUDA
  asm volatile("cp.async.wait_group %0;" ::"n"(newest_left) : "memory");
#else
  emu::async_wait(newest_left);
#endif
}

}  // namespace sumi::kernels::cuda
