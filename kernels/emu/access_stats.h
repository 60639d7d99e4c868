// Memory access counts of a kernel launch, as a GPU's profiler reports them; counted exactly by
// kernels/emu/access_scope.h.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/emu/include/cuda_vector_types.h"

namespace sumi::emu {

struct AccessCounts {
  std::uint64_t requests = 0;  // one instruction of one warp each
  // Device memory: distinct 32-byte sectors per request. Shared memory: wavefronts, the number of
  // words that a request reads from its most used of the 32 banks (counted per half or quarter warp
  // for 8 and 16 bytes per lane).
  std::uint64_t transactions = 0;
  std::uint64_t ideal = 0;  // `transactions` if the same bytes were contiguous

  void add(const AccessCounts& other) {
    requests += other.requests, transactions += other.transactions, ideal += other.ideal;
  }
};

// One launch, of whose `blocks` `counted` ran.
struct LaunchAccesses {
  std::string kernel = {};
  dim3 grid = {}, block = {};
  std::uint64_t blocks = 0, counted = 0;
  // of the counted blocks
  AccessCounts reads = {}, writes = {}, shared_reads = {}, shared_writes = {};
  // distinct sectors that each counted block accesses, summed over the blocks
  std::uint64_t block_sectors = 0;
  std::size_t shared_bytes = 0;  // per block
  double scale() const {
    return counted == 0 ? 0 : static_cast<double>(blocks) / static_cast<double>(counted);
  }
};

}  // namespace sumi::emu
