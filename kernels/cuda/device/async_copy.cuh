// Asynchronous copies from device memory to shared memory (cp.async, sm_80 and up): a tile can be
// in flight while the previous one is multiplied, and the data does not pass through registers.
#pragma once

#include <cstddef>

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

// Copies `bytes` (4, 8 or 16) from `source`, or zeros if it is null; `anywhere`, a readable
// address, is then used in its place. Addresses are multiples of `bytes`. The copies that a thread
// issues before async_commit() form a group.
template <std::size_t bytes>
__device__ void async_copy(void* shared, const void* source, [[maybe_unused]] const void* anywhere) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
#ifdef SUMI_CUDA
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  const unsigned read = source ? static_cast<unsigned>(bytes) : 0;  // the rest is filled with zeros
  const void* from = source ? source : anywhere;
  // only this size can bypass the L1 cache, where a tile would not be reused
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

// Waits for this thread's copies except those of its `newest_left` newest groups. Copies of other
// threads need a barrier as well.
template <int newest_left>
__device__ void async_wait() {
#ifdef SUMI_CUDA
  asm volatile("cp.async.wait_group %0;" ::"n"(newest_left) : "memory");
#else
  emu::async_wait(newest_left);
#endif
}

}  // namespace sumi::kernels::cuda
