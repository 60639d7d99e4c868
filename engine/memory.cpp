#include "engine/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "engine/footprint.h"

namespace sumi {
namespace {

constexpr std::align_val_t kAlign{64};
constexpr std::size_t kFrugalBytes = 1 << 20;

// Eight size classes per power of two: a block is at most 1/8 larger than what was asked, and blocks are
// found again.
std::size_t size_class(std::size_t bytes) {
  bytes = std::max<std::size_t>(bytes, 64);
  const std::size_t step = std::max<std::size_t>(64, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

}  // namespace

Block::~Block() {
  pool_.give_back(data_, bytes_);
}

Pool& Pool::of(const Device& device) {
  if (!device.on_host()) fail("memory", "this build has no device " + device.str());
  // Both host devices share one heap. Leaked on purpose: tensors with static lifetime may outlive any
  // destructor.
  static Pool* pool = new Pool;
  return *pool;
}

Storage Pool::allocate(std::size_t bytes) {
  const std::size_t size = size_class(bytes);
  void* data = nullptr;
  {
    const std::lock_guard lock(mutex_);
    auto found = free_.find(size);
    if (found != free_.end() && !found->second.empty()) {
      data = found->second.back();
      found->second.pop_back();
    }
  }
  if (!data) {
    if (size >= kFrugalBytes && FrugalMemory::on()) trim();
    data = ::operator new(size, kAlign, std::nothrow);
    if (!data) {
      trim();
      data = ::operator new(size, kAlign, std::nothrow);
    }
    const std::lock_guard lock(mutex_);
    if (!data)
      fail("memory",
           fmt::format("out of memory: asked for {:.1f} MiB with {:.1f} MiB in use; lower --batch-size, "
                       "--size or --crop-size, or use a smaller network (--ngf, --ndf)",
                       size / 1048576.0, stats_.in_use / 1048576.0));
    stats_.held += size;
    ++stats_.allocations;
  }
#ifndef NDEBUG
  std::memset(data, 0xFF, size);
#endif
  {
    const std::lock_guard lock(mutex_);
    stats_.in_use += size;
    stats_.peak_in_use = std::max(stats_.peak_in_use, stats_.in_use);
  }
  return std::make_shared<Block>(*this, data, size);
}

void Pool::give_back(void* data, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  free_[bytes].push_back(data);
  stats_.in_use -= bytes;
}

PoolStats Pool::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void Pool::reset_peak() {
  const std::lock_guard lock(mutex_);
  stats_.peak_in_use = stats_.in_use;
}

void Pool::trim() {
  const std::lock_guard lock(mutex_);
  for (auto& [size, blocks] : free_) {
    for (void* block : blocks) ::operator delete(block, kAlign);
    stats_.held -= size * blocks.size();
  }
  free_.clear();
}

Pool::~Pool() {
  trim();
}

}  // namespace sumi
