// The caching allocator. What is freed is handed out again and goes back to the system at trim() only: large blocks of
// host memory are cut from an arena, all others return to free lists.
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
  std::size_t in_use = 0;        // bytes handed out now
  std::size_t peak_in_use = 0;   // the most that was handed out at once since reset_peak()
  std::size_t held = 0;          // bytes taken from the system: in use or waiting to be
  std::int64_t allocations = 0;  // how often the system was asked for more
};

class Pool;

// One block of memory. Goes back to its pool, which it keeps alive, when the last owner lets go.
class Block {
 public:
  Block(std::shared_ptr<Pool> pool, void* data, std::size_t bytes)
      : pool_(std::move(pool)), data_(data), bytes_(bytes) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();
  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  // How often a view for writing was given out: who copied the contents sees whether they may have changed since.
  std::uint64_t writes() const { return writes_.load(std::memory_order_relaxed); }
  void note_write() { writes_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::shared_ptr<Pool> pool_;
  void* data_;
  std::size_t bytes_;
  std::atomic<std::uint64_t> writes_{0};
};
using Storage = std::shared_ptr<Block>;

// One pool per device (cpu and ref share one), and private ones; thread-safe. A CUDA device's blocks are used in the
// order of its one stream, so a block may be handed out again while the work that last used it still runs. Builds without
// NDEBUG poison fresh blocks with 0xFF (NaN in every float type).
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  // The device's pool, or the one that a Use of this thread has put in its place.
  static Pool& of(const Device& device);

  // A pool that shares nothing with others: the addresses that a captured step was given are handed to nobody else.
  // What it holds counts in the statistics of the device's pool too.
  static std::shared_ptr<Pool> make_private(const Device& device);
  // While it lives, this thread's tensors of the pool's device come from `pool`. Not nested.
  class Use {
   public:
    explicit Use(Pool& pool);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

  // 64-byte aligned. Out of memory is an Error that says what was asked, what is held and what to lower.
  Storage allocate(std::size_t bytes);
  PoolStats stats() const;
  void reset_peak();
  // Gives every free block back to the system.
  void trim();
  // `bytes` from the system, if need be after this pool and the device's have given back what they do not use. Null: there are none.
  void* from_system(std::size_t bytes);
  ~Pool();

 private:
  friend class Block;
  explicit Pool(const Device& device, Pool* whole = nullptr) : device_(device), whole_(whole) {}
  void* from_arena(std::size_t bytes);  // null where it has no place
  void* from_free_list(std::size_t bytes);
  void give_back(void* data, std::size_t bytes);
  // More (or, below 0, fewer) bytes in use and held.
  void count(std::int64_t in_use, std::int64_t held);

  Device device_;
  Pool* whole_;  // whose statistics a private pool's numbers enter; never freed
  mutable std::mutex mutex_;
  std::unique_ptr<HostArena> arena_;  // from the first large block on
  std::map<std::size_t, std::vector<void*>> free_;
  PoolStats stats_;
};

// Scratch memory on this thread's current CUDA device. Out of memory is an Error as the pool's.
Scratch::Memory device_scratch();

// Copies between the memory of any two devices, in order with their work: between two GPUs, later work of the source's stream waits
// for the copy too. On return a copy to the host is there, and a source on the host may be changed.
void copy_bytes(const Device& to, void* target, const Device& from, const void* source, std::size_t bytes);

// Bytes that a CUDA device has left.
std::uint64_t free_device_memory(const Device& device);

}  // namespace sumi
