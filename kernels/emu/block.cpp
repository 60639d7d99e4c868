#include "kernels/emu/block.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/check.h"
#include "kernels/emu/include/cuda_warp.h"

namespace sumi::emu {

namespace {

// Usually the same literal.
bool same_text(const char* a, const char* b) {
  return a == b || std::strcmp(a, b) == 0;
}

}  // namespace

Block* Block::current = nullptr;

std::string index_str(const uint3& index) {
  return "(" + std::to_string(index.x) + "," + std::to_string(index.y) + "," + std::to_string(index.z) + ")";
}

std::string location_str(const Location& where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

Block::Block(const Kernel& kernel, const Schedule& threads, std::uint8_t shared_fill, std::int64_t first)
    : kernel_(kernel), order_(threads), random_(threads.seed), fill_(shared_fill), first_(first) {
  const std::size_t count = std::size_t{kernel.block.x} * kernel.block.y * kernel.block.z;
  threads_.resize(count);
  thread_index_.reserve(count);
  for (unsigned z = 0; z < kernel.block.z; ++z)
    for (unsigned y = 0; y < kernel.block.y; ++y)
      for (unsigned x = 0; x < kernel.block.x; ++x) thread_index_.push_back({x, y, z});
  arrived_.resize((count + 31) / 32);
  blockDim = kernel.block;
  gridDim = kernel.grid;
  current = this;
}

Block::~Block() {
  for (auto& [key, shared] : shared_) ::operator delete (shared.data, std::align_val_t{shared.alignment});
  current = nullptr;
}

std::string Block::str() const {
  return "kernel " + kernel_.name + ", block " + index_str(index_);
}

std::string Block::thread_str(std::size_t thread) const {
  return "thread " + index_str(thread_index_[thread]);
}

void Block::fail_here(const std::string& what) const {
  fail("emu", str() + ", " + thread_str(current_) + ": " + what);
}

FiberPool& Block::fibers() {
  // never freed, because its fibers never end
  static FiberPool& pool = *new FiberPool(fiber_body, nullptr);
  return pool;
}

// The loop of a fiber: start threads until one has waited and others are ready, then sleep until
// taken again.
void Block::fiber_body(Fiber& fiber, void*) {
  while (true) {
    Block& block = *current;
    while (block.started_ < block.threads_.size() && block.ready_.empty() && !block.failure_) {
      const std::size_t thread = block.start_order_[block.started_++];
      block.threads_[thread].fiber = &fiber;
      block.run_thread(thread);
    }
    fibers().give(fiber);
    fiber.suspend();
  }
}

void Block::set_thread(std::size_t thread) {
  current_ = thread;
  threadIdx = thread_index_[thread];
}

void Block::run_thread(std::size_t thread) {
  set_thread(thread);
  threads_[thread].state = Thread::State::running;
  try {
    kernel_.thread_body();
  } catch (const Aborted&) {
  } catch (const Error& error) {
    const std::string what = error.what();
    const bool named = what.rfind("[emu] kernel ", 0) == 0;
    if (!failure_)
      failure_ = std::make_exception_ptr(
          named ? error : Error("[emu] " + str() + ", " + thread_str(thread) + ": " + what));
  } catch (const std::exception& error) {
    if (!failure_)
      failure_ = std::make_exception_ptr(
          Error("[emu] " + str() + ", " + thread_str(thread) + ": an exception: " + error.what()));
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
  }
  threads_[thread].state = Thread::State::returned;
  ++returned_;
}

void Block::run(uint3 index) {
  index_ = index;
  blockIdx = index;
  for (Thread& thread : threads_) thread.state = Thread::State::unstarted;
  for (auto& [key, shared] : shared_) shared.used = false;
  std::fill(arrived_.begin(), arrived_.end(), 0u);
  arrange(start_order_, threads_.size(), order_, random_, first_);
  started_ = returned_ = at_barrier_ = 0;
  shared_bytes_ = 0;
  try {
    while (!failure_ && returned_ < threads_.size()) {
      if (!ready_.empty()) {
        const std::size_t thread = ready_.front();
        ready_.pop_front();
        threads_[thread].state = Thread::State::running;
        set_thread(thread);
        threads_[thread].fiber->resume();
      } else if (started_ < threads_.size()) {
        fibers().take().resume();
      } else {
        stuck();
      }
    }
  } catch (...) {
    failure_ = std::current_exception();
  }
  if (failure_) {
    abort();
    std::rethrow_exception(failure_);
  }
  check_copies();
}

// The waiting threads' stacks hold objects: each thread is resumed once more, to throw.
void Block::abort() {
  aborting_ = true;
  ready_.clear();
  for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
    const Thread::State state = threads_[thread].state;
    if (state == Thread::State::unstarted || state == Thread::State::returned) continue;
    set_thread(thread);
    threads_[thread].fiber->resume();
  }
}

void Block::wait() {
  const std::size_t thread = current_;
  threads_[thread].fiber->suspend();
  if (aborting_) throw Aborted{};
}

void Block::make_ready(std::size_t thread) {
  threads_[thread].state = Thread::State::ready;
  ready_.push_back(thread);
}

int Block::barrier(const char* name, bool predicate, Location where) {
  Thread& self = thread();
  self.state = Thread::State::at_barrier;
  self.wait_name = name;
  self.where = where;
  self.predicate = predicate;
  if (++at_barrier_ == threads_.size()) release_barrier();
  wait();
  return static_cast<int>(self.value);
}

void Block::release_barrier() {
  const Thread& first = threads_[0];
  std::uint64_t count = 0;
  for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
    const Thread& t = threads_[thread];
    if (!same_text(t.wait_name, first.wait_name) || t.where.line() != first.where.line() ||
        !same_text(t.where.file_name(), first.where.file_name()))
      fail("emu", str() + ": threads wait at different barriers: " + thread_str(0) + " at " +
                      first.wait_name + " (" + location_str(first.where) + "), " + thread_str(thread) +
                      " at " + t.wait_name + " (" + location_str(t.where) + ")");
    count += t.predicate;
  }
  at_barrier_ = 0;
  arrange(release_order_, threads_.size(), order_, random_, first_);
  for (std::size_t thread : release_order_) {
    threads_[thread].value = count;
    make_ready(thread);
  }
}

std::uint64_t Block::collective(const char* name, LaneFunction function, unsigned mask, std::uint64_t value,
                                std::uint32_t argument, Location where) {
  const std::size_t lane = current_ % 32, warp = current_ / 32;
  Thread& self = thread();
  if (!(mask >> lane & 1))
    fail_here(std::string(name) + " (" + location_str(where) + "): the mask does not name the calling lane " +
              std::to_string(lane));
  self.state = Thread::State::in_warp;
  self.wait_name = name;
  self.where = where;
  self.mask = mask;
  self.value = value;
  self.argument = argument;
  arrived_[warp] |= 1u << lane;
  if ((arrived_[warp] & mask) == mask && release_warp(warp, function, mask) && mask == 1u << lane) {
    // Alone in its mask: no other lane to wait for.
    ready_.pop_back();
    self.state = Thread::State::running;
    return self.value;
  }
  wait();
  return self.value;
}

// Completes the collective if all lanes of the mask wait in it with the same mask.
bool Block::release_warp(std::size_t warp, LaneFunction function, unsigned mask) {
  const std::size_t begin = warp * 32;
  const Thread& self = thread();
  Lanes lanes{self.wait_name, mask, {}, {}};
  for (std::size_t lane = 0; lane < 32; ++lane) {
    if (!(mask >> lane & 1)) continue;
    const Thread& t = threads_[begin + lane];
    if (t.mask != mask || !same_text(t.wait_name, self.wait_name)) return false;
    lanes.value[lane] = t.value;
    lanes.argument[lane] = t.argument;
  }
  arrange(release_order_, 32, order_, random_, first_ - static_cast<std::int64_t>(begin));
  for (std::uint32_t lane : release_order_) {
    if (!(mask >> lane & 1)) continue;
    const std::size_t caller = current_;
    current_ = begin + lane;  // the lane whose argument a message names
    threads_[begin + lane].value = function(lanes, static_cast<int>(lane));
    current_ = caller;
    make_ready(begin + lane);
  }
  arrived_[warp] &= ~mask;
  return true;
}

unsigned Block::live_lanes() const {
  const std::size_t begin = current_ / 32 * 32;
  unsigned live = 0;
  for (std::size_t lane = 0; lane < 32 && begin + lane < threads_.size(); ++lane)
    if (threads_[begin + lane].state != Thread::State::returned) live |= 1u << lane;
  return live;
}

void Block::check_copies() const {
  for (std::size_t thread = 0; thread < threads_.size(); ++thread)
    if (!threads_[thread].copies.empty())
      fail("emu", str() + ", " + thread_str(thread) + ": returned with " +
                      std::to_string(threads_[thread].copies.size()) +
                      " asynchronous copies that it never waited for");
}

bool Block::is_shared(const void* pointer) const {
  for (const auto& [key, shared] : shared_) {
    const auto* begin = static_cast<const std::byte*>(shared.data);
    if (pointer >= begin && pointer < begin + shared.bytes) return true;
  }
  return false;
}

void* Block::shared(std::size_t bytes, std::size_t alignment, const void* key) {
  // The limit for blocks that opt in (sharedMemPerBlockOptin of compute capability 9.0).
  constexpr std::size_t kMost = 227 << 10;
  auto [it, fresh] = shared_.try_emplace(key, Shared{nullptr, bytes, alignment, false});
  Shared& shared = it->second;
  if (fresh) shared.data = ::operator new (bytes, std::align_val_t{alignment});
  if (shared.bytes != bytes) fail_here("asks for one shared block in two sizes");
  if (!shared.used) {
    shared.used = true;
    shared_bytes_ += bytes;
    if (shared_bytes_ > kMost)
      fail_here("uses " + std::to_string(shared_bytes_) + " bytes of shared memory, at most " +
                std::to_string(kMost));
    std::memset(shared.data, fill_, bytes);
  }
  return shared.data;
}

}  // namespace sumi::emu
