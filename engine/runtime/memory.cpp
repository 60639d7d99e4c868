#include "engine/runtime/memory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "engine/runtime/cuda_stream.h"
#include "engine/runtime/trim_on_allocate.h"
#include "kernels/base/launch.h"

namespace sumi {
namespace {

constexpr std::align_val_t kAlign{64};
constexpr std::size_t kFrugalBytes = 1 << 20;
constexpr std::size_t kArenaBytes = 1 << 16;
// AddressSanitizer detects overruns only if each block is a separate allocation.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kArenas = false;
#else
constexpr bool kArenas = true;
#endif

thread_local Pool* pool_in_use = nullptr;

// Eight size classes per power of two: a block is at most 1/8 larger than requested, and freed
// blocks are found again.
std::size_t size_class(std::size_t bytes) {
  bytes = std::max<std::size_t>(bytes, 64);
  const std::size_t step = std::max<std::size_t>(64, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

// Returns null if there is no memory.
void* take_from_system(const Device& device, std::size_t bytes) {
  if (device.on_host()) return ::operator new(bytes, kAlign, std::nothrow);
  cuda_stream(device);  // makes it this thread's device
  void* data = nullptr;
  const cudaError_t error = cudaMalloc(&data, bytes);
  if (error == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    return nullptr;
  }
  SUMI_CUDA_CALL(error);
  return data;
}

[[noreturn]] void fail_for_want_of(const Device& device, std::size_t bytes, std::size_t in_use) {
  fail("memory",
       fmt::format("out of memory{}: asked for {:.1f} MiB with {:.1f} MiB in use; lower --batch-size, "
                   "--size or --crop-size, or use a smaller network (--ngf, --ndf)",
                   device.on_host() ? "" : " on " + device.str(), bytes / 1048576.0, in_use / 1048576.0));
}

void give_to_system(const Device& device, void* data) {
  if (device.on_host()) return ::operator delete(data, kAlign);
  (void)cudaFree(data);  // at program exit the driver may already be unloaded
}

}  // namespace

Block::~Block() {
  pool_->give_back(data_, bytes_);
}

Pool& Pool::of(const Device& device) {
  if (pool_in_use && pool_in_use->device_ == device) return *pool_in_use;
  // Leaked on purpose: tensors with static lifetime may outlive any destructor.
  static auto* host = new std::shared_ptr<Pool>(new Pool(Device{}));
  if (device.on_host()) return **host;
  static std::mutex mutex;
  static auto* pools = new std::map<int, std::shared_ptr<Pool>>;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Pool>& pool = (*pools)[device.index];
  if (!pool) pool.reset(new Pool(device));
  return *pool;
}

std::shared_ptr<Pool> Pool::make_private(const Device& device) {
  return std::shared_ptr<Pool>(new Pool(device, &of(device)));
}

void Pool::count(std::int64_t in_use, std::int64_t held) {
  {
    const std::lock_guard lock(mutex_);
    stats_.in_use += static_cast<std::size_t>(in_use);
    stats_.peak_in_use = std::max(stats_.peak_in_use, stats_.in_use);
    stats_.held += static_cast<std::size_t>(held);
    if (held > 0) ++stats_.allocations;
  }
  if (whole_) whole_->count(in_use, held);
}

Pool::Use::Use(Pool& pool) {
  pool_in_use = &pool;
}
Pool::Use::~Use() {
  pool_in_use = nullptr;
}

void* Pool::from_arena(std::size_t bytes) {
  HostArena::Place place;
  std::int64_t more = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!arena_)
      arena_ = std::make_unique<HostArena>(static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
                                           static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
    place = arena_->find(bytes);
    if (!place.data) return nullptr;
    const std::size_t held = arena_->held();
    if (place.fresh >= kFrugalBytes && TrimOnAllocate::on()) {
      arena_->trim();
      place = arena_->find(bytes);
    }
    arena_->take(place, bytes);
    more = static_cast<std::int64_t>(arena_->held()) - static_cast<std::int64_t>(held);
  }
  if (more != 0) count(0, more);
  return place.data;
}

void* Pool::from_free_list(std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    auto found = free_.find(bytes);
    if (found != free_.end() && !found->second.empty()) {
      void* data = found->second.back();
      found->second.pop_back();
      return data;
    }
  }
  if (bytes >= kFrugalBytes && TrimOnAllocate::on()) trim();
  void* data = from_system(bytes);
  if (data) count(0, static_cast<std::int64_t>(bytes));
  return data;
}

void* Pool::from_system(std::size_t bytes) {
  void* data = take_from_system(device_, bytes);
  if (data) return data;
  trim();
  if (whole_) whole_->trim();
  return take_from_system(device_, bytes);
}

Storage Pool::allocate(std::size_t bytes) {
  std::size_t size = (bytes + 63) / 64 * 64;
  void* data = kArenas && device_.on_host() && size >= kArenaBytes ? from_arena(size) : nullptr;
  if (!data) {
    size = size_class(bytes);
    data = from_free_list(size);
  }
  if (!data) fail_for_want_of(device_, size, (whole_ ? whole_ : this)->stats().in_use);
#ifndef NDEBUG
  if (device_.on_host())
    std::memset(data, 0xFF, size);
  else
    SUMI_CUDA_CALL(cudaMemsetAsync(data, 0xFF, size, cuda_stream(device_)));
#endif
  count(static_cast<std::int64_t>(size), 0);
  return std::make_shared<Block>(shared_from_this(), data, size);
}

void Pool::give_back(void* data, std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (arena_ && arena_->owns(data))
      arena_->release(data, bytes);
    else
      free_[bytes].push_back(data);
  }
  count(-static_cast<std::int64_t>(bytes), 0);
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
  std::map<std::size_t, std::vector<void*>> unused;
  std::size_t from_arena = 0;
  {
    const std::lock_guard lock(mutex_);
    unused.swap(free_);
    if (arena_) {
      from_arena = arena_->held();
      arena_->trim();
      from_arena -= arena_->held();
    }
  }
  if (from_arena != 0) count(0, -static_cast<std::int64_t>(from_arena));
  for (auto& [size, blocks] : unused) {
    for (void* block : blocks) give_to_system(device_, block);
    count(0, -static_cast<std::int64_t>(size * blocks.size()));
  }
}

Pool::~Pool() {
  trim();
}

ScratchAllocator device_scratch() {
  const auto take = [](std::size_t bytes) {
    Device device{Device::Kind::cuda, 0};
    SUMI_CUDA_CALL(cudaGetDevice(&device.index));
    Pool& pool = Pool::of(device);
    void* data = pool.from_system(bytes);
    if (!data) fail_for_want_of(device, bytes, pool.stats().in_use);
    return data;
  };
  return {take, [](void* data) { (void)cudaFree(data); }};
}

namespace {

// Work queued on `stream` from now on waits for the current work of `before`, a stream of `device`.
void wait_for(CUstream_st* stream, CUstream_st* before, const Device& device) {
  cuda_stream(device);  // an event belongs to the device that is current when it is made
  cudaEvent_t event = nullptr;
  SUMI_CUDA_CALL(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  const cudaError_t recorded = cudaEventRecord(event, before),
                    waits = recorded == cudaSuccess ? cudaStreamWaitEvent(stream, event) : recorded;
  (void)cudaEventDestroy(event);  // the waiting stream keeps waiting
  SUMI_CUDA_CALL(waits);
}

// The copy runs on the target's stream, after the source's contents are complete. Later work on the
// source's stream, which may reuse the block, waits for the copy.
void copy_between(const Device& to, void* target, const Device& from, const void* source, std::size_t bytes) {
  CUstream_st *const reader = cuda_stream(from), *const writer = cuda_stream(to);
  wait_for(writer, reader, from);
  cuda_stream(to);
  SUMI_CUDA_CALL(cudaMemcpyAsync(target, source, bytes, cudaMemcpyDefault, writer));
  wait_for(reader, writer, to);
}

}  // namespace

void copy_bytes(const Device& to, void* target, const Device& from, const void* source, std::size_t bytes) {
  if (bytes == 0) return;
  if (to.on_host() && from.on_host()) {
    std::memcpy(target, source, bytes);
    return;
  }
  if (!to.on_host() && !from.on_host() && !(to == from)) return copy_between(to, target, from, source, bytes);
  const auto stream = cuda_stream(to.on_host() ? from : to);
  SUMI_CUDA_CALL(cudaMemcpyAsync(target, source, bytes, cudaMemcpyDefault, stream));
  if (to.on_host()) SUMI_CUDA_CALL(cudaStreamSynchronize(stream));
}

std::uint64_t free_device_memory(const Device& device) {
  cuda_stream(device);
  std::size_t left = 0, all = 0;
  SUMI_CUDA_CALL(cudaMemGetInfo(&left, &all));
  return left;
}

}  // namespace sumi
