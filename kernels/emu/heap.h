// Device memory: one address range that the host cannot access except while the runtime has opened
// it.
//
// Each allocation is surrounded by red zones with a pattern; a kernel that wrote there is named
// after its launch. Under ASan the red zones are poisoned as well, and so is freed memory: reads
// are then caught too, immediately. Fresh memory is 0xFF, which is NaN in every floating type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
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
  bool release(void* pointer);        // false: not the start of a live allocation
  bool contains(const void* pointer) const;
  // The begin and the bytes of the live allocation that `pointer` is in or just behind; 0, 0 if
  // there is none.
  std::pair<std::uintptr_t, std::size_t> allocation(const void* pointer) const;
  // Returns true if [pointer, pointer + bytes) is inside one live allocation.
  bool holds(const void* pointer, std::size_t bytes) const;
  std::size_t total() const { return capacity_; }
  std::size_t used() const { return used_; }
  std::size_t allocations() const { return live_.size(); }

  // Calls nest. While the heap is closed, every access by the host is a SIGSEGV with an
  // explanation.
  void open();
  void close();

  // The functions below need an open heap.
  // Throws sumi::Error naming `culprit` if a red zone was written, and repairs it.
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

// Installs the SIGSEGV handler that explains the access and its origin before handing the signal
// on. Installed again if it was replaced.
void install_fault_handler();

}  // namespace sumi::emu
