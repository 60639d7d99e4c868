// What is left of the machine's memory.
#pragma once

#include <cstdint>

namespace sumi {

// Bytes that this process may still take without swapping: what the kernel calls available, or what the control groups of the
// process leave if that is less; at least 1. 0 when the system does not tell.
std::uint64_t available_host_memory();

}  // namespace sumi
