#include "engine/runtime/host_arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace sumi {
namespace {

std::size_t pages(std::size_t bytes) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace

void Ranges::add(std::size_t begin, std::size_t end) {
  auto next = map_.upper_bound(begin);
  if (next != map_.begin() && std::prev(next)->second >= begin) {
    --next;
    begin = next->first;
  }
  while (next != map_.end() && next->first <= end) {
    end = std::max(end, next->second);
    next = map_.erase(next);
  }
  map_.emplace(begin, end);
}

void Ranges::remove(std::size_t begin, std::size_t end) {
  auto next = map_.upper_bound(begin);
  if (next != map_.begin()) --next;
  while (next != map_.end() && next->first < end) {
    const auto [first, last] = *next;
    if (last <= begin) {
      ++next;
      continue;
    }
    next = map_.erase(next);
    if (first < begin) map_.emplace(first, begin);
    if (last > end) map_.emplace(end, last);
  }
}

std::size_t Ranges::covered(std::size_t begin, std::size_t end) const {
  std::size_t sum = 0;
  auto next = map_.upper_bound(begin);
  if (next != map_.begin()) --next;
  for (; next != map_.end() && next->first < end; ++next) {
    const std::size_t from = std::max(begin, next->first), to = std::min(end, next->second);
    if (from < to) sum += to - from;
  }
  return sum;
}

HostArena::HostArena(std::size_t bytes) {
  constexpr std::size_t smallest = std::size_t{1} << 26;
  for (size_ = pages(bytes); size_ >= smallest; size_ = pages(size_ / 2)) {
    void* data =
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) continue;  // an address-space limit (ulimit -v)
    // Winograd accesses dozens of planes at once: with small pages address translation takes a
    // third of its time.
    (void)::madvise(data, size_, MADV_HUGEPAGE);
    base_ = static_cast<std::byte*>(data);
    free_.add(0, size_);
    return;
  }
  size_ = 0;
}

HostArena::~HostArena() {
  if (!base_) return;
  ::munmap(base_, size_);
}

HostArena::Place HostArena::find(std::size_t bytes) const {
  const std::size_t size = pages(bytes);
  Place best;
  std::size_t best_room = 0;
  for (const auto& [begin, end] : free_.map()) {
    const std::size_t room = end - begin;
    if (room < size) continue;
    const std::size_t fresh = size - touched_.covered(begin, begin + size);
    if (best.data && (fresh > best.fresh || (fresh == best.fresh && room >= best_room))) continue;
    best = {base_ + begin, fresh};
    best_room = room;
  }
  return best;
}

void HostArena::take(const Place& place, std::size_t bytes) {
  const auto begin = static_cast<std::size_t>(static_cast<std::byte*>(place.data) - base_);
  const std::size_t end = begin + pages(bytes);
  free_.remove(begin, end);
  touched_.add(begin, end);
  held_ += place.fresh;
}

void HostArena::release(void* data, std::size_t bytes) {
  const auto begin = static_cast<std::size_t>(static_cast<std::byte*>(data) - base_);
  free_.add(begin, begin + pages(bytes));
}

void HostArena::trim() {
  for (const auto& [begin, end] : free_.map()) {
    const std::size_t held = touched_.covered(begin, end);
    if (held == 0) continue;
    // Pages beyond the last touched one were never committed.
    ::madvise(base_ + begin, end - begin, MADV_DONTNEED);
    touched_.remove(begin, end);
    held_ -= held;
  }
}

}  // namespace sumi
