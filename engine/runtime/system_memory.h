// Available memory of the machine.
#pragma once

#include <cstdint>

namespace sumi {

// Bytes that this process can still use without swapping: the kernel's MemAvailable, or what the
// process's control groups leave if that is less; at least 1. 0 if the system does not tell.
std::uint64_t available_host_memory();

}  // namespace sumi
