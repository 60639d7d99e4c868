// The join of several blocks' results in the same launch: the block that finishes last does it.
//
// Which block that is varies from run to run, but not what it computes: all results of the others
// are in memory, and it reads them in a fixed order. So the bits repeat, as with a second launch,
// and a launch and the gap after it are saved.
#pragma once

#include <cstdint>

#include "kernels/cuda/device/columns.cuh"

namespace sumi::kernels::cuda {

// Counters of finished blocks, one for each join of a launch. They are zero between launches, whose
// order on a device's one stream keeps two launches from using them at the same time.
inline constexpr unsigned kTickets = 4096;
[[maybe_unused]] static __device__ unsigned tickets[kTickets];

struct LastBlock {
  bool last;
};

// Returns true to all threads of the block that calls this last among `count` blocks with the same
// `ticket`, below kTickets (a single block needs none), and then sees what the others have written
// before their call. All threads must call it.
__device__ inline bool is_last_block(std::int64_t ticket, unsigned count) {
  if (count == 1) {
    __syncthreads();
    return true;
  }
  auto& shared = block_shared<LastBlock>();
  __threadfence();  // what this thread has written is visible to other blocks
  __syncthreads();  // ... and so is what the whole block has written
  if (threadIdx.x == 0) shared.last = atomicInc(&tickets[ticket], count - 1) == count - 1;  // then 0 again
  __syncthreads();
  if (shared.last) __threadfence();
  return shared.last;
}

// Calls f(first, part) for parts of `whole` with at most kTickets outers, if each outer has a
// ticket. (If each tile has one, there are few: RowChunks makes chunks only below 1024 tiles.)
template <class F>
void for_each_ticketed(const RowChunks& whole, bool by_outer, F&& f) {
  const std::int64_t most = by_outer ? kTickets : whole.outer;
  for (std::int64_t first = 0; first < whole.outer; first += most) {
    RowChunks part = whole;
    part.outer = whole.outer - first < most ? whole.outer - first : most;
    f(first, part);
  }
}

}  // namespace sumi::kernels::cuda
