// The caching allocator. Blocks return to free lists and are handed out again; nothing is freed until trim().
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "kernels/base/view.h"

namespace sumi {

struct PoolStats {
  std::size_t in_use = 0;        // bytes handed out now
  std::size_t peak_in_use = 0;   // the most that was handed out at once since reset_peak()
  std::size_t held = 0;          // bytes taken from the system: in use or waiting in a free list
  std::int64_t allocations = 0;  // how often the system was asked
};

class Pool;

// One block of memory. Goes back to its pool when the last owner lets go.
class Block {
 public:
  Block(Pool& pool, void* data, std::size_t bytes) : pool_(pool), data_(data), bytes_(bytes) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();
  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  Pool& pool_;
  void* data_;
  std::size_t bytes_;
};
using Storage = std::shared_ptr<Block>;

// One pool per device (cpu and ref share one); thread-safe. A CUDA device's blocks are used in the order of its one
// stream, so a block may be handed out again while the work that last used it still runs. Builds without NDEBUG poison fresh blocks with 0xFF (NaN in every float
// type).
class Pool {
 public:
  static Pool& of(const Device& device);

  // 64-byte aligned. Out of memory is an Error that says what was asked, what is held and what to lower.
  Storage allocate(std::size_t bytes);
  PoolStats stats() const;
  void reset_peak();
  // Gives every free block back to the system.
  void trim();
  ~Pool();

 private:
  friend class Block;
  explicit Pool(const Device& device) : device_(device) {}
  void give_back(void* data, std::size_t bytes);

  Device device_;
  mutable std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_;
  PoolStats stats_;
};

// Copies between the memory of any two devices, in order with their work. On return a copy to the host is there, and
// a source on the host may be changed.
void copy_bytes(const Device& to, void* target, const Device& from, const void* source, std::size_t bytes);

// Bytes that a CUDA device has left.
std::uint64_t free_device_memory(const Device& device);

}  // namespace sumi
