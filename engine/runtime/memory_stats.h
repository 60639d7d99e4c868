// How much memory a device's work holds, and how much there is to take.
#pragma once

#include <cstdint>

#include "kernels/base/view.h"

namespace sumi {

// Bytes held for work on `device`: the pool's blocks, in use or free, and this thread's scratch memory.
std::uint64_t memory_held(const Device& device);

// Gives free blocks and this thread's scratch memory back to the system.
void release_memory(const Device& device);

// While it lives, pools give their free blocks back before they ask the system for 1 MiB or more: what is held
// never exceeds the most that is in use. For work whose sizes do not come again; training would be slower.
class TrimOnAllocate {
 public:
  TrimOnAllocate();
  ~TrimOnAllocate();
  TrimOnAllocate(const TrimOnAllocate&) = delete;
  TrimOnAllocate& operator=(const TrimOnAllocate&) = delete;

  static bool on();
};

// What is left of the device's memory, in bytes; of the host's as engine/runtime/system_memory.h says.
std::uint64_t available_memory(const Device& device = {});

}  // namespace sumi
