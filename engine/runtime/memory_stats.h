// Memory held and available on a device.
#pragma once

#include <cstdint>

#include "kernels/base/view.h"

namespace sumi {

// Bytes held for work on `device`: the pool's blocks, in use or free, and this thread's scratch
// memory.
std::uint64_t memory_held(const Device& device);

// Returns free blocks and this thread's scratch memory to the system.
void release_memory(const Device& device);

// The device's available memory in bytes; for the host see engine/runtime/system_memory.h.
std::uint64_t available_memory(const Device& device = {});

}  // namespace sumi
