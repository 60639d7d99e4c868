// One thread of a kernel in PTX: its values, its place in the code, its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/emu/include/cuda_vector_types.h"
#include "kernels/emu/ptx/module.h"
#include "kernels/emu/ptx/numbers.h"

namespace sumi::emu::ptx {

// Generic addresses of the spaces other than the global one: addresses that no host has.
inline constexpr std::uint64_t kSharedWindow = std::uint64_t{1} << 56, kLocalWindow = std::uint64_t{2} << 56,
                               kParamWindow = std::uint64_t{3} << 56, kWindowMask = std::uint64_t{0xFF} << 56;
// The driver keeps the first KiB of shared memory (sm_80 and up), so no variable is at null there.
inline constexpr std::size_t kReservedShared = 1024;

// Called after each instruction of a thread, for a listing. `ran`: its guard let it run.
using Watch = std::function<void(const Thread&, const Instruction&, bool ran)>;

class Thread {
 public:
  // `parameters`: entry.parameter_bytes bytes. Both must outlive the thread. threadIdx and the
  // other built-in variables are those of the running thread.
  Thread(const Entry& entry, const std::byte* parameters, const Watch* watch = nullptr);

  // Runs to the end. Throws sumi::Error.
  void run();

  template <class T>
  T get(std::uint32_t place) const {
    return from_place<T>(places_[place]);
  }
  template <class T>
  void put(std::uint32_t place, T value) {
    places_[place] = to_place(value);
  }
  void jump(std::uint32_t target) { next_ = target; }
  void finish() { next_ = static_cast<std::uint32_t>(entry_.code.size()); }

  // The memory of an access of `bytes` (a power of two) by instruction `i`. Throws sumi::Error,
  // naming the kernel, the line and the address, if it is misaligned or not inside one allocation
  // or variable, or if it would write where nothing may.
  std::byte* memory(const Instruction& i, Space space, std::uint64_t address, std::size_t bytes, bool write);
  // The address in at[operand], which is the first or second one in brackets.
  std::uint64_t address(const Instruction& i, std::uint32_t operand, int bracket = 0) const {
    return places_[i.at[operand]] + static_cast<std::uint64_t>(i.offset[bracket]);
  }

  [[noreturn]] void fail_at(const Instruction& i, const std::string& what) const;
  const Entry& entry() const { return entry_; }
  uint3 index() const { return index_; }  // threadIdx
  int lane() const { return lane_; }

 private:
  std::byte* global_memory(const Instruction& i, std::uint64_t address, std::size_t bytes);

  const Entry& entry_;
  const std::byte* parameters_;
  const Watch* watch_;
  std::vector<std::uint64_t> places_;
  std::vector<std::byte> local_;
  std::byte* shared_ = nullptr;
  std::uint32_t next_ = 0;
  uint3 index_;
  int lane_;
  // The allocation of the last access with each low bits of a line: most accesses stay in it.
  struct Range {
    std::uint64_t begin = 1, end = 0;
  };
  Range recent_[8];
};

}  // namespace sumi::emu::ptx
