// Numbers of a step that differ from run to run: the rate, the count of updates, positions of random streams, moves of
// an image pool. A step that is captured once and replayed many times reads them from device memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/runtime/memory.h"

namespace sumi {

class CapturedScalars {
 public:
  explicit CapturedScalars(const Device& device);

  // What this thread captures with, or null: then a step runs once, and numbers are passed by value.
  static CapturedScalars* current();

  const Device& device() const { return device_; }
  // No two have the same, however short their lives.
  std::uint64_t id() const { return id_; }

  // Room for `count` 8-byte words on the device, at an address that stays. `write` is called on the host before each
  // run of the step, the first one included, in the order of the calls to add(): it fills the words for that run and
  // moves on whatever state it reads them from. Whoever adds must not move that state on by itself.
  const void* add(std::size_t count, std::function<void(std::uint64_t* words)> write);

  // Calls every `write` and brings the words to the device, in the order of its work.
  void publish();

  // While it lives, `values` are this thread's current ones.
  class Use {
   public:
    explicit Use(CapturedScalars& values);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

 private:
  struct Part {
    std::size_t first;
    std::function<void(std::uint64_t*)> write;
  };
  Device device_;
  std::uint64_t id_;
  Storage memory_;
  std::vector<std::uint64_t> words_;  // as they go to the device
  std::vector<Part> parts_;
};

}  // namespace sumi
