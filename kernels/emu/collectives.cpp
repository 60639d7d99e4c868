// Barriers, warp collectives and asynchronous copies, and the diagnosis of deadlocks.
#include <cstring>

#include "kernels/base/check.h"
#include "kernels/emu/access_scope.h"
#include "kernels/emu/block.h"
#include "kernels/emu/include/cuda_warp.h"

namespace sumi::emu {
namespace {

// The lane that a shuffle reads: an undefined value on a device if it does not participate.
std::uint64_t read_lane(const Lanes& lanes, int source) {
  if (!(lanes.mask >> source & 1))
    Block::current->fail_here(std::string(lanes.name) + " reads lane " + std::to_string(source) +
                              ", which its mask does not name");
  return lanes.value[source];
}

struct ShuffleArgument {
  int operand, width, begin;  // the first lane of the part that `lane` belongs to
  ShuffleArgument(const Lanes& lanes, int lane) {
    operand = static_cast<int>(lanes.argument[lane] >> 8);
    width = static_cast<int>(lanes.argument[lane] & 0xFF);
    if (width < 1 || width > 32 || (width & (width - 1)) != 0)
      Block::current->fail_here(std::string(lanes.name) + ": width " + std::to_string(width) +
                                " is no power of two up to 32");
    begin = lane & ~(width - 1);
  }
};

Block& running(const char* function) {
  if (!Block::current) fail("emu", std::string(function) + " outside of a kernel");
  return *Block::current;
}

}  // namespace

std::uint64_t shuffle_index(const Lanes& lanes, int lane) {
  const ShuffleArgument a(lanes, lane);
  return read_lane(lanes, a.begin + (a.operand & (a.width - 1)));
}

// Lanes whose source is outside their part keep their own value.
std::uint64_t shuffle_up(const Lanes& lanes, int lane) {
  const ShuffleArgument a(lanes, lane);
  return lane - a.operand < a.begin ? lanes.value[lane] : read_lane(lanes, lane - a.operand);
}

std::uint64_t shuffle_down(const Lanes& lanes, int lane) {
  const ShuffleArgument a(lanes, lane);
  return lane + a.operand >= a.begin + a.width ? lanes.value[lane] : read_lane(lanes, lane + a.operand);
}

// May read an earlier part, not a later one (CUDA C++ Programming Guide, "Warp Shuffle Functions").
std::uint64_t shuffle_xor(const Lanes& lanes, int lane) {
  const ShuffleArgument a(lanes, lane);
  const int source = lane ^ a.operand;
  return source >= a.begin + a.width ? lanes.value[lane] : read_lane(lanes, source);
}

std::uint64_t warp_ballot(const Lanes& lanes, int) {
  std::uint64_t ballot = 0;
  for (int lane = 0; lane < 32; ++lane)
    if (lanes.mask >> lane & 1 && lanes.value[lane] != 0) ballot |= std::uint64_t{1} << lane;
  return ballot;
}

std::uint64_t warp_nothing(const Lanes&, int) {
  return 0;
}

std::uint64_t warp_collective(const char* name, LaneFunction function, unsigned mask, std::uint64_t value,
                              std::uint32_t argument, Location where) {
  return running(name).collective(name, function, mask, value, argument, where);
}

int block_barrier(const char* name, bool predicate, Location where) {
  return running(name).barrier(name, predicate, where);
}

int block_threads() {
  return running("block_threads()").size();
}
unsigned live_lanes() {
  return running("__activemask()").live_lanes();
}

void* block_shared(std::size_t bytes, std::size_t alignment, const void* key) {
  return running("block_shared()").shared(bytes, alignment, key);
}

void async_copy(void* shared, const void* source, std::size_t bytes) {
  Block& block = running("async_copy()");
  if (bytes != 4 && bytes != 8 && bytes != 16)
    block.fail_here("an asynchronous copy of " + std::to_string(bytes) + " bytes: 4, 8 or 16 are possible");
  const auto misaligned = [bytes](const void* p) { return reinterpret_cast<std::uintptr_t>(p) % bytes != 0; };
  if (misaligned(shared) || misaligned(source))
    block.fail_here("an asynchronous copy of " + std::to_string(bytes) +
                    " bytes between addresses that are " + "not multiples of it");
  note_access(source, bytes, false, __builtin_return_address(0));
  note_access(shared, bytes, true, __builtin_return_address(0));
  Thread& thread = block.thread();
  thread.copies.push_back({shared, source, bytes, thread.groups});
}

void async_commit() {
  ++running("async_commit()").thread().groups;
}

void async_wait(int newest_left) {
  Thread& thread = running("async_wait()").thread();
  std::size_t done = 0;
  // Copies after the last commit belong to no group yet: no wait covers them.
  for (; done < thread.copies.size() && thread.copies[done].group < thread.groups - newest_left; ++done)
    std::memcpy(thread.copies[done].to, thread.copies[done].from, thread.copies[done].bytes);
  thread.copies.erase(thread.copies.begin(), thread.copies.begin() + static_cast<std::ptrdiff_t>(done));
}

// Names the lane of its mask that this thread waits for, and where that lane is.
std::string Block::stuck_lane(std::size_t thread) const {
  const Thread& t = threads_[thread];
  const std::size_t begin = thread / 32 * 32;
  const std::string who =
      thread_str(thread) + " waits in " + t.wait_name + " (" + location_str(t.where) + ") ";
  for (std::size_t lane = 0; lane < 32; ++lane) {
    if (!(t.mask >> lane & 1)) continue;
    const std::string waits_for = who + "for lane " + std::to_string(lane);
    if (begin + lane >= threads_.size())
      return waits_for + ", which its mask names and the block does not have";
    const Thread& other = threads_[begin + lane];
    if (other.state == Thread::State::returned) return waits_for + ", which has returned";
    if (other.state == Thread::State::at_barrier)
      return waits_for + ", which waits at " + other.wait_name + " (" + location_str(other.where) + ")";
    if (other.mask != t.mask || std::strcmp(other.wait_name, t.wait_name) != 0)
      return waits_for + ", which waits in " + other.wait_name + " (" + location_str(other.where) +
             (other.mask != t.mask ? ") with another mask" : ")");
  }
  return {};
}

void Block::stuck() const {
  std::size_t waiting = 0, first_waiting = 0, first_returned = 0;
  for (std::size_t thread = threads_.size(); thread-- > 0;) {
    if (threads_[thread].state == Thread::State::at_barrier) ++waiting, first_waiting = thread;
    if (threads_[thread].state == Thread::State::returned) first_returned = thread;
  }
  for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
    if (threads_[thread].state != Thread::State::in_warp) continue;
    const std::string lane = stuck_lane(thread);
    if (!lane.empty()) fail("emu", str() + ": " + lane);
  }
  const Thread& t = threads_[first_waiting];
  fail("emu", str() + ": " + std::to_string(waiting) + " of " + std::to_string(threads_.size()) +
                  " threads wait at " + t.wait_name + " (" + location_str(t.where) + "), but " +
                  std::to_string(returned_) + " have returned, the first of them " +
                  thread_str(first_returned) + "; all threads of a block must come to a barrier");
}

}  // namespace sumi::emu
