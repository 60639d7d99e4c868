#include "engine/runtime/memory_stats.h"

#include "engine/runtime/device.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/system_memory.h"

namespace sumi {

std::uint64_t memory_held(const Device& device) {
  return Pool::of(device).stats().held + exec_on(device).scratch->size();
}

void release_memory(const Device& device) {
  Pool::of(device).trim();
  exec_on(device).scratch->release();
}

std::uint64_t available_memory(const Device& device) {
  if (!device.on_host()) return free_device_memory(device);
  return available_host_memory();
}

}  // namespace sumi
