// How much memory a device's work holds, and how much there is to take.
#pragma once

#include <cstdint>

#include "kernels/base/view.h"

namespace sumi {

// Bytes held for work on `device`: the pool's blocks, in use or free, and this thread's scratch memory.
std::uint64_t memory_held(const Device& device);

// Gives free blocks and this thread's scratch memory back to the system.
void release_memory(const Device& device);

// Bytes that this process may still take without swapping: what the kernel calls available, or what the
// control groups of the process leave if that is less. 0 when the system does not tell.
std::uint64_t available_memory();

}  // namespace sumi
