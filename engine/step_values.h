// Numbers of a step that kernels read from device memory, so that a captured step can be replayed with others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "engine/memory.h"

namespace sumi {

// One captured step's numbers, on one CUDA device: slots of 8-byte words that are written anew before each run.
class StepValues {
 public:
  // Room for `words` words in all.
  explicit StepValues(const Device& device, std::size_t words = 4096);
  StepValues(const StepValues&) = delete;
  StepValues& operator=(const StepValues&) = delete;

  // This thread's, or null outside a captured step.
  static StepValues* current();
  // While it lives, `values` is this thread's current one.
  class Recording {
   public:
    explicit Recording(StepValues& values);
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

   private:
    StepValues* outer_;
  };

  const Device& device() const { return device_; }
  // No other captured step of this process has it: tells a new capture from one whose address is used again.
  std::uint64_t id() const { return id_; }

  // A slot of `words` words on the device. `write` is called on the host before every run of the step (also before
  // the first one) and fills the words.
  const void* add(std::size_t words, std::function<void(std::uint64_t* words)> write);
  // Calls every `write` in the order of add() and sends the words to the device. Once before every run.
  void write();

 private:
  Device device_;
  std::uint64_t id_;
  std::vector<std::uint64_t> host_;
  Storage slots_;
  std::size_t used_ = 0;
  std::vector<std::pair<std::size_t, std::function<void(std::uint64_t*)>>>
      writers_;  // with the slot's first word
};

}  // namespace sumi
