#include "engine/step_values.h"

#include <atomic>

namespace sumi {
namespace {

thread_local StepValues* current_values = nullptr;

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

StepValues::StepValues(const Device& device, std::size_t words)
    : device_(device), id_(next_id()), host_(words), slots_(Pool::of(device).allocate(words * 8)) {
  if (device.on_host()) fail("step", "only a CUDA device runs a captured step, not " + device.str());
}

StepValues* StepValues::current() {
  return current_values;
}

StepValues::Recording::Recording(StepValues& values) : outer_(current_values) {
  current_values = &values;
}
StepValues::Recording::~Recording() {
  current_values = outer_;
}

const void* StepValues::add(std::size_t words, std::function<void(std::uint64_t*)> write) {
  if (used_ + words > host_.size())
    fail("step", "a captured step has more than " + std::to_string(host_.size()) + " words that change");
  writers_.emplace_back(used_, std::move(write));
  const void* const slot = static_cast<const std::uint64_t*>(slots_->data()) + used_;
  used_ += words;
  return slot;
}

void StepValues::write() {
  for (const auto& [first, write] : writers_) write(host_.data() + first);
  copy_bytes(device_, slots_->data(), Device{}, host_.data(), used_ * 8);
}

}  // namespace sumi
