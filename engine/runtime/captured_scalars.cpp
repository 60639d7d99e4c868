#include "engine/runtime/captured_scalars.h"

#include <atomic>

#include "engine/runtime/device.h"
#include "kernels/upload_scalars.h"

namespace sumi {
namespace {

constexpr std::size_t kRoom = 4096;  // in words; a U-Net of CycleGAN with dropout needs about fifty

thread_local CapturedScalars* in_use = nullptr;
std::atomic<std::uint64_t> last_id{0};

}  // namespace

CapturedScalars::CapturedScalars(const Device& device)
    : device_(device), id_(++last_id), memory_(Pool::of(device).allocate(kRoom * sizeof(std::uint64_t))) {}

CapturedScalars* CapturedScalars::current() {
  return in_use;
}

const void* CapturedScalars::add(std::size_t count, std::function<void(std::uint64_t*)> write) {
  const std::size_t first = words_.size();
  if (first + count > kRoom)
    fail("step", "more numbers change from step to step than a captured step can hold");
  words_.resize(first + count);
  parts_.push_back({first, std::move(write)});
  return static_cast<std::uint64_t*>(memory_->data()) + first;
}

void CapturedScalars::publish() {
  if (words_.empty()) return;
  for (const Part& part : parts_) part.write(words_.data() + part.first);
  kernels::upload_scalars(exec_on(device_), words_.data(), words_.size(),
                          static_cast<std::uint64_t*>(memory_->data()));
}

CapturedScalars::Use::Use(CapturedScalars& values) {
  in_use = &values;
}
CapturedScalars::Use::~Use() {
  in_use = nullptr;
}

}  // namespace sumi
