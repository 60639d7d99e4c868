#include "engine/footprint.h"

#include <atomic>

#include "engine/device.h"
#include "engine/host_memory.h"
#include "engine/memory.h"

namespace sumi {
namespace {

std::atomic<int> frugal{0};
}  // namespace

std::uint64_t memory_held(const Device& device) {
  return Pool::of(device).stats().held + exec_on(device).scratch->size();
}

void release_memory(const Device& device) {
  Pool::of(device).trim();
  exec_on(device).scratch->release();
}

FrugalMemory::FrugalMemory() {
  ++frugal;
}
FrugalMemory::~FrugalMemory() {
  --frugal;
}
bool FrugalMemory::on() {
  return frugal > 0;
}

std::uint64_t available_memory(const Device& device) {
  if (!device.on_host()) return free_device_memory(device);
  return available_host_memory();
}

}  // namespace sumi
