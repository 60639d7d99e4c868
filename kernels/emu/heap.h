// Device memory: one range of addresses that the host cannot touch except while the runtime has opened it.
//
// Around each allocation lie red zones with a pattern; a kernel that wrote there is named after its launch. Under
// ASan they are poisoned as well, and so is freed memory: then reads are caught too, and at once. Fresh memory is
// 0xFF, which is NaN in every floating type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sumi::emu {

class Heap {
 public:
  struct Allocation {
    std::size_t bytes, footprint;  // footprint: with both red zones
  };
  // The bytes of all live allocations, in address order.
  struct Snapshot {
    std::map<std::uintptr_t, std::vector<std::byte>> bytes;
    bool operator==(const Snapshot&) const = default;
  };

  static Heap& get();

  void* allocate(std::size_t bytes);  // null: full. 256-byte aligned
  bool release(void* pointer);        // false: not the begin of a live allocation
  bool contains(const void* pointer) const;
  // Whether [pointer, pointer + bytes) lies inside of one live allocation.
  bool holds(const void* pointer, std::size_t bytes) const;
  std::size_t total() const { return capacity_; }
  std::size_t used() const { return used_; }
  std::size_t allocations() const { return live_.size(); }

  // Nest. Closed, every access of the host is a SIGSEGV with a line that says so.
  void open();
  void close();

  // The rest needs an open heap.
  // Throws sumi::Error naming `culprit` if a red zone was written, and mends it.
  void check_red_zones(const std::string& culprit);
  Snapshot snapshot() const;
  void restore(const Snapshot& snapshot);

  // "device memory at 0x... (allocation of N bytes)": for messages; allocates nothing.
  void describe(const void* pointer, char* text, std::size_t size) const;

 private:
  Heap();
  void grow(std::size_t footprint);
  bool mend(std::byte* begin, std::byte* end);

  std::byte* base_ = nullptr;
  std::size_t capacity_ = 0, committed_ = 0, used_ = 0;
  int opened_ = 0;
  std::map<std::uintptr_t, Allocation> live_;   // by address
  std::map<std::uintptr_t, std::size_t> free_;  // address, bytes; never two neighbors
};

// Opens the heap for a scope.
class HeapAccess {
 public:
  HeapAccess() { Heap::get().open(); }
  ~HeapAccess() { Heap::get().close(); }
  HeapAccess(const HeapAccess&) = delete;
  HeapAccess& operator=(const HeapAccess&) = delete;
};

// The handler of SIGSEGV: says what was touched, by whom, and hands on. Installed again when somebody replaced it.
void install_fault_handler();

}  // namespace sumi::emu
