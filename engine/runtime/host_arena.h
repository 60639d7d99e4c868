// Large blocks of host memory, cut from one reserved range of addresses. Free neighbors become one range again, so a
// block's memory serves later blocks of any size: what a program touches is little more than what it uses at once.
#pragma once

#include <cstddef>
#include <map>

namespace sumi {

// A set of numbers as disjoint ranges [begin, end) that do not touch.
class Ranges {
 public:
  using Map = std::map<std::size_t, std::size_t>;  // begin -> end
  void add(std::size_t begin, std::size_t end);
  void remove(std::size_t begin, std::size_t end);
  // How many numbers of [begin, end) are in the set.
  std::size_t covered(std::size_t begin, std::size_t end) const;
  const Map& map() const { return map_; }

 private:
  Map map_;
};

// Not thread-safe: Pool's mutex guards it.
class HostArena {
 public:
  // Reserves addresses for so many bytes, or as many as the system gives; memory follows when it is written.
  explicit HostArena(std::size_t bytes);
  HostArena(const HostArena&) = delete;
  HostArena& operator=(const HostArena&) = delete;
  ~HostArena();

  // Where a block would lie, and how many bytes of it are not held yet. Whole pages. Data is null where there is no place.
  struct Place {
    void* data = nullptr;
    std::size_t fresh = 0;
  };
  // The free place that takes the least fresh memory, of these the smallest.
  Place find(std::size_t bytes) const;
  // A block at a place that find() gave for as many bytes, nothing having happened in between.
  void take(const Place& place, std::size_t bytes);
  void release(void* data, std::size_t bytes);
  // Gives the memory of free places back to the system.
  void trim();
  bool owns(const void* data) const { return data >= base_ && data < base_ + size_; }
  std::size_t held() const { return held_; }

 private:
  std::byte* base_ = nullptr;
  std::size_t size_ = 0, held_ = 0;
  Ranges free_, touched_;  // offsets
};

}  // namespace sumi
