// The caching allocator. Freed memory is reused and returns to the system only at trim(): large
// blocks of host memory come from an arena, all others from free lists.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/runtime/host_arena.h"
#include "kernels/base/exec.h"

namespace sumi {

struct PoolStats {
  std::size_t in_use = 0;        // bytes in use now
  std::size_t peak_in_use = 0;   // maximum of in_use since reset_peak()
  std::size_t held = 0;          // bytes taken from the system, in use or free
  std::int64_t allocations = 0;  // number of requests to the system
};

class Pool;

// One block of memory. Returns to its pool, which it keeps alive, when its last owner releases it.
class Block {
 public:
  Block(std::shared_ptr<Pool> pool, void* data, std::size_t bytes)
      : pool_(std::move(pool)), data_(data), bytes_(bytes) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();
  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  // The number of writable views handed out, from which the owner of a copy can tell whether the
  // contents may have changed.
  std::uint64_t writes() const { return writes_.load(std::memory_order_relaxed); }
  void note_write() { writes_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::shared_ptr<Pool> pool_;
  void* data_;
  std::size_t bytes_;
  std::atomic<std::uint64_t> writes_{0};
};
using Storage = std::shared_ptr<Block>;

// One pool per device (cpu and ref share one), and private ones; thread-safe. A CUDA device's
// blocks are used in the order of its one stream, so a block may be reused while its last work
// still runs. Builds without NDEBUG fill fresh blocks with 0xFF (NaN in every float type).
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  // The device's pool, or the one that a Use of this thread has substituted.
  static Pool& of(const Device& device);

  // A pool that shares nothing with others, so that the addresses in a captured step are never
  // given to anything else. Its memory also counts in the statistics of the device's pool.
  static std::shared_ptr<Pool> make_private(const Device& device);
  // While it lives, this thread's tensors on the pool's device come from `pool`. Not nested.
  class Use {
   public:
    explicit Use(Pool& pool);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

  // Allocates memory aligned to 64 bytes. Throws Error if there is none, with the requested and
  // held amounts and the options to lower.
  Storage allocate(std::size_t bytes);
  PoolStats stats() const;
  void reset_peak();
  // Returns every free block to the system.
  void trim();
  // Takes `bytes` from the system, if necessary after this pool and the device's have returned
  // their free blocks. Returns null if there is no memory.
  void* from_system(std::size_t bytes);
  ~Pool();

 private:
  friend class Block;
  explicit Pool(const Device& device, Pool* whole = nullptr) : device_(device), whole_(whole) {}
  void* from_arena(std::size_t bytes);  // null if it has no room
  void* from_free_list(std::size_t bytes);
  void give_back(void* data, std::size_t bytes);
  // Adds to the bytes in use and held; both may be negative.
  void count(std::int64_t in_use, std::int64_t held);

  Device device_;
  Pool* whole_;  // pool whose statistics include a private pool's; never freed
  mutable std::mutex mutex_;
  std::unique_ptr<HostArena> arena_;  // created for the first large block
  std::map<std::size_t, std::vector<void*>> free_;
  PoolStats stats_;
};

// Scratch memory on this thread's current CUDA device. Throws the pool's Error if there is none.
ScratchAllocator device_scratch();

// Copies between the memory of any two devices, in order with their work: between two GPUs, later
// work of the source's stream waits for the copy too. A copy to the host is complete on return, and
// a host source may be changed.
void copy_bytes(const Device& to, void* target, const Device& from, const void* source, std::size_t bytes);

// The free memory of a CUDA device in bytes.
std::uint64_t free_device_memory(const Device& device);

}  // namespace sumi
