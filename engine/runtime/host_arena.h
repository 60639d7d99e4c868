// Large blocks of host memory from one reserved address range. Adjacent free ranges are merged, so
// a block's memory serves later blocks of any size, and the program touches little more memory than
// it uses at once.
#pragma once

#include <cstddef>
#include <map>

namespace sumi {

// A set of integers as disjoint, non-adjacent ranges [begin, end).
class Ranges {
 public:
  using Map = std::map<std::size_t, std::size_t>;  // begin -> end
  void add(std::size_t begin, std::size_t end);
  void remove(std::size_t begin, std::size_t end);
  // The number of integers of [begin, end) in the set.
  std::size_t covered(std::size_t begin, std::size_t end) const;
  const Map& map() const { return map_; }

 private:
  Map map_;
};

// Not thread-safe: guarded by Pool's mutex.
class HostArena {
 public:
  // Reserves addresses for `bytes` bytes, or as many as the system grants; memory is committed when
  // it is written.
  explicit HostArena(std::size_t bytes);
  HostArena(const HostArena&) = delete;
  HostArena& operator=(const HostArena&) = delete;
  ~HostArena();

  // A candidate position for a block, and the number of its bytes that are not held yet. In whole
  // pages. Data is null if no position exists.
  struct Place {
    void* data = nullptr;
    std::size_t fresh = 0;
  };
  // Finds the free position that needs the least fresh memory; among equals the smallest.
  Place find(std::size_t bytes) const;
  // Allocates a block at a position returned by find() for the same size, with no other call in
  // between.
  void take(const Place& place, std::size_t bytes);
  void release(void* data, std::size_t bytes);
  // Returns the memory of free ranges to the system.
  void trim();
  bool owns(const void* data) const { return data >= base_ && data < base_ + size_; }
  std::size_t held() const { return held_; }

 private:
  std::byte* base_ = nullptr;
  std::size_t size_ = 0, held_ = 0;
  Ranges free_, touched_;  // offsets
};

}  // namespace sumi
