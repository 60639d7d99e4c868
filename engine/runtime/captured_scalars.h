// Scalars of a step that change from run to run: learning rate, update count, positions of random
// streams, operations of an image pool. A step that is captured once and replayed many times reads
// them from device memory.
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

  // This thread's current instance, or null: the step then runs once, and scalars are passed by
  // value.
  static CapturedScalars* current();

  const Device& device() const { return device_; }
  // Unique over the life of the program.
  std::uint64_t id() const { return id_; }

  // Reserves `count` 8-byte words at a fixed device address. `write` is called on the host before
  // each run of the step, including the first, in the order of the calls to add(): it fills the
  // words for that run and advances the state it reads them from. The caller must not advance that
  // state itself.
  const void* add(std::size_t count, std::function<void(std::uint64_t* words)> write);

  // Calls every `write` and uploads the words, in order with the device's work.
  void publish();

  // Makes `values` this thread's current instance while it lives.
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
  std::vector<std::uint64_t> words_;  // as uploaded to the device
  std::vector<Part> parts_;
};

}  // namespace sumi
