// The block that runs now, as its threads see it. Behind the device functions of <cuda_runtime.h>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>

namespace sumi::emu {

#ifdef __cpp_lib_source_location
using Location = std::source_location;
#else  // clang before 16 beside GCC's library
class Location {
 public:
  static constexpr Location current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
    Location here;
    here.file_ = file;
    here.line_ = line;
    return here;
  }
  constexpr const char* file_name() const { return file_; }
  constexpr unsigned line() const { return line_; }

 private:
  const char* file_ = "";
  unsigned line_ = 0;
};
#endif

// What the lanes of a warp brought to a collective. Lanes outside of `mask` hold nothing.
struct Lanes {
  const char* name;         // of the collective
  unsigned mask;            // who takes part
  std::uint64_t value[32];  // bits, in the low bytes
  std::uint32_t argument[32];
};

// What lane `lane` gets of it. Throws sumi::Error where CUDA leaves the result undefined.
using LaneFunction = std::uint64_t (*)(const Lanes& lanes, int lane);

// Waits until every lane of `mask` has come to the collective `name` with that same mask.
std::uint64_t warp_collective(const char* name, LaneFunction function, unsigned mask, std::uint64_t value,
                              std::uint32_t argument, Location where);

// Waits for all threads of the block; all must wait at the same line. How many brought a true
// predicate.
int block_barrier(const char* name, bool predicate, Location where);

// The number of threads in the block, and the lanes of this warp that have not returned.
int block_threads();
unsigned live_lanes();

// One heap block of exactly `bytes` for each (block, key), filled with a pattern when the first
// thread asks.
void* block_shared(std::size_t bytes, std::size_t alignment, const void* key);

// cp.async: the copies issued before a commit form a group; wait(n) lets all but this thread's n
// newest groups take effect. Nothing is copied before, so that a missing wait reads the old
// contents.
void async_copy(void* shared, const void* source, std::size_t bytes);
void async_commit();
void async_wait(int newest_left);

}  // namespace sumi::emu
