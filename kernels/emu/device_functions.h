// The running block from the view of its threads: the implementation of the device functions in
// <cuda_runtime.h>.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sumi::emu {

// Like std::source_location, which clang before 16 does not have and which cannot name a line of
// PTX.
class Location {
 public:
  constexpr Location() = default;
  constexpr Location(const char* file, unsigned line) : file_(file), line_(line) {}
  static constexpr Location current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
    return {file, line};
  }
  constexpr const char* file_name() const { return file_; }
  constexpr unsigned line() const { return line_; }

 private:
  const char* file_ = "";
  unsigned line_ = 0;
};

// The values that the lanes of a warp passed to a collective. Lanes outside `mask` have none.
struct Lanes {
  const char* name;         // of the collective
  unsigned mask;            // participating lanes
  std::uint64_t value[32];  // raw bits, in the low bytes
  std::uint32_t argument[32];
};

// Returns the result for lane `lane`. Throws sumi::Error where CUDA leaves the result undefined.
using LaneFunction = std::uint64_t (*)(const Lanes& lanes, int lane);

// Waits until every lane of `mask` has reached the collective `name` with the same mask.
std::uint64_t warp_collective(const char* name, LaneFunction function, unsigned mask, std::uint64_t value,
                              std::uint32_t argument, Location where);

// Waits for all threads of the block, which must all wait at the same line. Returns the number of
// threads that passed a true predicate.
int block_barrier(const char* name, bool predicate, Location where);

// The number of threads in the block, and the lanes of this warp that have not returned.
int block_threads();
unsigned live_lanes();

// Returns one heap block of exactly `bytes` per (block, key), filled with a pattern at the first
// request.
void* block_shared(std::size_t bytes, std::size_t alignment, const void* key);

// cp.async: the copies issued before a commit form a group; wait(n) completes all but this thread's
// n newest groups. Nothing is copied earlier, so that a missing wait reads the old contents.
void async_copy(void* shared, const void* source, std::size_t bytes);
void async_commit();
void async_wait(int newest_left);

}  // namespace sumi::emu
