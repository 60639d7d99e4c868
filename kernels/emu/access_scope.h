// Counts memory accesses of kernels, with the exact figures that a GPU's profiler reports.
//
// An AccessScope groups the reads and writes of kernels by warp. Lanes run one after another here,
// so accesses belong to one request if they come from the same instruction and every lane has
// reached it the same number of times: a GPU executes exactly these as one request unless lanes
// diverge. Only kernels compiled with -fsanitize=thread (as bench/ does) report their accesses; the
// compiler's calls are caught in kernels/emu/hooks/. Values that the compiler keeps in registers
// are not accesses, as on a GPU. Adjacent members of a struct of up to 16 bytes that are read one
// after the other count as one vector access, because nvcc merges them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/emu/access_stats.h"

namespace sumi::emu {

class AccessRecorder;

// Counts the launches that run while it lives. Only one may exist at a time. Streams run late, so
// synchronize them before it ends.
class AccessScope {
 public:
  // At most `most_blocks` blocks of each launch run, evenly spaced; results are then incomplete. 0:
  // all blocks run.
  explicit AccessScope(std::uint64_t most_blocks = 0);
  ~AccessScope();
  AccessScope(const AccessScope&) = delete;
  AccessScope& operator=(const AccessScope&) = delete;

  const std::vector<LaunchAccesses>& launches() const;

 private:
  std::unique_ptr<AccessRecorder> recorder_;
};

// Called by the hooks. Does nothing outside a kernel or a scope. `pc` identifies the instruction.
void note_access(const void* address, std::size_t bytes, bool write, const void* pc);

}  // namespace sumi::emu
