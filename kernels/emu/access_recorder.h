// Collects a block's memory accesses for an AccessScope; called by the emulation's launches and
// copies.
#pragma once

#include <array>
#include <unordered_map>
#include <unordered_set>

#include "kernels/emu/access_stats.h"
#include "kernels/emu/block.h"

namespace sumi::emu {

class AccessRecorder {
 public:
  static AccessRecorder* current;  // null: not recording

  explicit AccessRecorder(std::uint64_t most_blocks) : most_blocks_(most_blocks) {}

  // Returns the indices of the blocks to run, of `count`; empty: all.
  std::vector<std::uint64_t> begin_launch(const Kernel& kernel, std::uint64_t count);
  void end_block(const Block& block);
  void note(const Block& block, const void* address, std::size_t bytes, bool write, const void* pc);
  const std::vector<LaunchAccesses>& launches() const { return launches_; }

 private:
  // The requests that the lanes of a warp make at once.
  struct Request {
    std::array<std::uintptr_t, 32> address;
    std::array<std::uint8_t, 32> bytes;
    std::uint32_t lanes = 0;
  };
  // One instruction of one warp.
  struct Site {
    bool shared = false, write = false;
    std::array<std::uint32_t, 32> times{};  // executions by each lane
    std::vector<Request> requests;
  };
  // A thread's latest access, which the next one may extend.
  struct Last {
    Site* site = nullptr;
    const void* pc = nullptr;
    std::size_t request = 0;
    std::uintptr_t begin = 0, end = 0;
  };

  void close(const Request& request, bool write);
  void close_shared(const Request& request, bool write);

  std::uint64_t most_blocks_;
  std::vector<LaunchAccesses> launches_;
  std::unordered_map<std::uint64_t, Site> sites_;  // by instruction and warp
  std::vector<Last> last_;                         // by thread
  std::unordered_set<std::uintptr_t> sectors_;     // of the running block
};

}  // namespace sumi::emu
