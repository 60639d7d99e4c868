#include "kernels/emu/heap.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernels/base/check.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace sumi::emu {
namespace {

constexpr std::size_t kAlign = 256, kRedZone = 256, kHugePage = 2 << 20;
constexpr std::size_t kGrowth = 32 * kHugePage;

// NaN as bf16, f32 and f64, and different from fresh memory.
constexpr std::uint16_t kRedPattern = 0xFFF1;

std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

std::byte* address(std::uintptr_t at) {
  return reinterpret_cast<std::byte*>(at);
}

std::size_t capacity_from_environment() {
  const char* text = std::getenv("SUMI_EMU_MEMORY_MB");
  const unsigned long long mb = text ? std::strtoull(text, nullptr, 10) : 16384;
  if (mb == 0) fail("emu", "SUMI_EMU_MEMORY_MB is not a positive number of megabytes");
  return round_up(static_cast<std::size_t>(mb) << 20, kGrowth);
}

}  // namespace

Heap& Heap::get() {
  // lives until exit: static objects may free device memory
  static Heap& heap = *new Heap;
  return heap;
}

Heap::Heap() : capacity_(capacity_from_environment()) {
  void* at =
      mmap(nullptr, capacity_ + kHugePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED)
    fail("emu", "no address space for " + std::to_string(capacity_ >> 20) +
                    " MB of device memory; set SUMI_EMU_MEMORY_MB");
  base_ = address(round_up(reinterpret_cast<std::uintptr_t>(at), kHugePage));
  // Opening and closing changes one entry per touched page: with huge pages that takes
  // microseconds.
  madvise(base_, capacity_, MADV_HUGEPAGE);
}

void Heap::open() {
  if (opened_++ > 0) return;
  install_fault_handler();
  if (committed_ > 0) mprotect(base_, committed_, PROT_READ | PROT_WRITE);
}

void Heap::close() {
  if (--opened_ > 0 || committed_ == 0) return;
  mprotect(base_, committed_, PROT_NONE);
  install_fault_handler();
}

// Makes room at the end. The last free range counts.
void Heap::grow(std::size_t footprint) {
  std::size_t have = 0;
  if (!free_.empty()) {
    const auto last = std::prev(free_.end());
    if (address(last->first + last->second) == base_ + committed_) have = last->second;
  }
  const std::size_t more = round_up(footprint - have, kGrowth);
  if (committed_ + more > capacity_) return;
  std::byte* begin = base_ + committed_;
  committed_ += more;
  mprotect(base_, committed_, PROT_READ | PROT_WRITE);
  ASAN_POISON_MEMORY_REGION(begin, more);
  if (have > 0)
    std::prev(free_.end())->second += more;
  else
    free_.emplace(reinterpret_cast<std::uintptr_t>(begin), more);
}

void* Heap::allocate(std::size_t bytes) {
  const HeapAccess access;
  const std::size_t footprint = kRedZone + round_up(bytes, kAlign) + kRedZone;
  const auto fits = [&] {
    auto it = free_.begin();
    while (it != free_.end() && it->second < footprint) ++it;
    return it;
  };
  if (bytes > capacity_) return nullptr;
  auto it = fits();
  if (it == free_.end()) {
    grow(footprint);
    it = fits();
    if (it == free_.end()) return nullptr;
  }
  const std::uintptr_t at = it->first;
  const std::size_t rest = it->second - footprint;
  free_.erase(it);
  if (rest > 0) free_.emplace(at + footprint, rest);
  const std::uintptr_t user = at + kRedZone;
  live_.emplace(user, Allocation{bytes, footprint});
  used_ += footprint;
  ASAN_UNPOISON_MEMORY_REGION(address(at), footprint);
  std::memset(address(user), 0xFF, bytes);
  mend(address(at), address(user));
  mend(address(user + bytes), address(at + footprint));
  ASAN_POISON_MEMORY_REGION(address(at), kRedZone);
  ASAN_POISON_MEMORY_REGION(address(user + bytes), at + footprint - user - bytes);
  return address(user);
}

bool Heap::release(void* pointer) {
  const auto it = live_.find(reinterpret_cast<std::uintptr_t>(pointer));
  if (it == live_.end()) return false;
  const HeapAccess access;
  std::size_t footprint = it->second.footprint;
  std::uintptr_t at = it->first - kRedZone;
  // Later reads see NaN, or are caught by ASan.
  std::memset(address(it->first), 0xFF, it->second.bytes);
  ASAN_POISON_MEMORY_REGION(address(at), footprint);
  used_ -= footprint;
  live_.erase(it);
  auto next = free_.lower_bound(at);
  if (next != free_.end() && next->first == at + footprint) {
    footprint += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == at) {
      before->second += footprint;
      return true;
    }
  }
  free_.emplace(at, footprint);
  return true;
}

bool Heap::contains(const void* pointer) const {
  const std::byte* p = static_cast<const std::byte*>(pointer);
  return p >= base_ && p < base_ + capacity_;
}

std::pair<std::uintptr_t, std::size_t> Heap::allocation(const void* pointer) const {
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(pointer);
  auto it = live_.upper_bound(at);
  if (it == live_.begin()) return {0, 0};
  --it;
  if (at - it->first > it->second.bytes) return {0, 0};
  return {it->first, it->second.bytes};
}

bool Heap::holds(const void* pointer, std::size_t bytes) const {
  const auto [begin, size] = allocation(pointer);
  return begin != 0 && bytes <= begin + size - reinterpret_cast<std::uintptr_t>(pointer);
}

// Restores the pattern; returns true if it was intact. Reads poisoned memory, so without ASan.
__attribute__((no_sanitize("address"))) bool Heap::mend(std::byte* begin, std::byte* end) {
  bool whole = true;
  constexpr std::uint64_t kWord = 0x0001000100010001u * kRedPattern;
  for (std::byte* p = begin; p < end; ++p) {
    // Eight bytes at a time, because this runs after each launch for each allocation.
    while (reinterpret_cast<std::uintptr_t>(p) % 8 == 0 && end - p >= 8 &&
           *reinterpret_cast<const std::uint64_t*>(p) == kWord)
      p += 8;
    if (p == end) break;
    const std::byte want{static_cast<unsigned char>(
        (reinterpret_cast<std::uintptr_t>(p) & 1) ? kRedPattern >> 8 : kRedPattern & 0xFF)};
    if (*p == want) continue;
    whole = false;
    *p = want;
  }
  return whole;
}

void Heap::check_red_zones(const std::string& culprit) {
  std::string found;
  for (const auto& [user, allocation] : live_) {
    const std::uintptr_t at = user - kRedZone;
    const bool before = mend(address(at), address(user));
    const bool after = mend(address(user + allocation.bytes), address(at + allocation.footprint));
    if (found.empty() && !(before && after))
      found = std::string(before ? "after the end" : "before the begin") + " of an allocation of " +
              std::to_string(allocation.bytes) + " bytes";
  }
  if (!found.empty()) fail("emu", culprit + ": wrote out of bounds, " + found);
}

Heap::Snapshot Heap::snapshot() const {
  Snapshot result;
  for (const auto& [at, allocation] : live_)
    result.bytes.emplace(at, std::vector<std::byte>(address(at), address(at) + allocation.bytes));
  return result;
}

void Heap::restore(const Snapshot& snapshot) {
  for (const auto& [at, bytes] : snapshot.bytes)
    if (!bytes.empty()) std::memcpy(address(at), bytes.data(), bytes.size());
}

void Heap::describe(const void* pointer, char* text, std::size_t size) const {
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(pointer);
  for (const auto& [user, allocation] : live_) {
    if (at < user - kRedZone || at >= user - kRedZone + allocation.footprint) continue;
    const bool inside = at >= user && at < user + allocation.bytes;
    std::snprintf(text, size, "device memory at %p (%s allocation of %zu bytes)", pointer,
                  inside ? "in an" : "beside an", allocation.bytes);
    return;
  }
  std::snprintf(text, size, "device memory at %p (not allocated)", pointer);
}

}  // namespace sumi::emu
