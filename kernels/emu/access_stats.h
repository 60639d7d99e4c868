// How kernels ask for memory: what a GPU's profiler counts, counted here exactly.
//
// While an AccessScope lives, the reads and writes of kernels are gathered warp by warp. Lanes run one after the other here,
// so those of a warp belong together when they come from the same instruction and each lane has come there equally
// often: what a GPU executes as one request where its lanes did not part ways. Only kernels compiled with
// -fsanitize=thread, as bench/ does, say what they read and write: the compiler's calls are caught in
// kernels/emu/hooks/. What it keeps in registers is no access, here as there; neighboring members of a struct of up to 16
// bytes that are read one after the other count as one vector access, as nvcc makes them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/emu/include/cuda_vector_types.h"

namespace sumi::emu {

struct AccessCounts {
  std::uint64_t requests = 0;  // one instruction of one warp each
  // Of device memory: distinct 32-byte sectors of each request. Of shared memory: turns, that is how many words of the
  // most crowded of the 32 banks a request wants (of each half or quarter of the warp, for 8 and 16 bytes a lane).
  std::uint64_t parts = 0;
  std::uint64_t least = 0;  // what `parts` would be had the same bytes lain side by side

  void add(const AccessCounts& other) {
    requests += other.requests, parts += other.parts, least += other.least;
  }
};

// One launch, of which `counted` of its `blocks` ran.
struct LaunchAccesses {
  std::string kernel = {};
  dim3 grid = {}, block = {};
  std::uint64_t blocks = 0, counted = 0;
  AccessCounts reads = {}, writes = {}, shared_reads = {}, shared_writes = {};  // of the counted blocks
  std::uint64_t block_sectors = 0;  // distinct sectors that each counted block reads or writes, added up
  std::size_t shared_bytes = 0;     // of one block
  double scale() const {
    return counted == 0 ? 0 : static_cast<double>(blocks) / static_cast<double>(counted);
  }
};

class AccessRecorder;

// One at a time. Launches that run while it lives are counted; streams run late, so wait for them before it ends.
class AccessScope {
 public:
  // Of each launch at most this many blocks run, evenly spaced, and the others do not: results are then incomplete.
  // 0: all of them.
  explicit AccessScope(std::uint64_t most_blocks = 0);
  ~AccessScope();
  AccessScope(const AccessScope&) = delete;
  AccessScope& operator=(const AccessScope&) = delete;

  const std::vector<LaunchAccesses>& launches() const;

 private:
  std::unique_ptr<AccessRecorder> recorder_;
};

// What the hooks say; nothing happens outside of a kernel or a scope. `pc` tells instructions apart.
void note_access(const void* address, std::size_t bytes, bool write, const void* pc);

}  // namespace sumi::emu
