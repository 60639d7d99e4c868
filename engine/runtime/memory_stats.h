// How much memory a device's work holds, and how much there is to take.
#pragma once

#include <cstdint>

#include "kernels/base/view.h"

namespace sumi {

// Bytes held for work on `device`: the pool's blocks, in use or free, and this thread's scratch
// memory.
std::uint64_t memory_held(const Device& device);

// Gives free blocks and this thread's scratch memory back to the system.
void release_memory(const Device& device);

// What is left of the device's memory, in bytes; of the host's as engine/runtime/system_memory.h
// says.
std::uint64_t available_memory(const Device& device = {});

}  // namespace sumi
