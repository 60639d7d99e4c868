#include "kernels/emu/fibers.h"

#include <boost/context/protected_fixedsize_stack.hpp>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace sumi::emu {
namespace {

// ASan surrounds every local array with red zones, which enlarges frames.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kStackBytes = 192 << 10;
#else
constexpr std::size_t kStackBytes = 64 << 10;
#endif
constexpr std::size_t kPage = 4096;

struct Stacks {
  const void** bottom;
  std::size_t* size;
  boost::context::stack_context allocate() {
    boost::context::protected_fixedsize_stack stacks(kStackBytes);
    boost::context::stack_context stack = stacks.allocate();
    *bottom = static_cast<char*>(stack.sp) - (stack.size - kPage);  // the lowest page is the guard
    // Equally spaced stack tops would compete for the same cache lines, since hundreds of fibers
    // run in turn.
    static std::size_t count = 0;
    const std::size_t shift = count++ % 61 * 64;
    stack.sp = static_cast<char*>(stack.sp) - shift;
    stack.size -= shift;
    *size = stack.size - kPage;
    return stack;
  }
  void deallocate(boost::context::stack_context&) {}  // a fiber lives as long as the program
};

// ASan must know the current stack: without these calls an exception on a fiber is a false report.
void before_switch([[maybe_unused]] void** save, [[maybe_unused]] const void* bottom,
                   [[maybe_unused]] std::size_t size) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(save, bottom, size);
#endif
}

void after_switch([[maybe_unused]] void* saved, [[maybe_unused]] const void** bottom,
                  [[maybe_unused]] std::size_t* size) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(saved, bottom, size);
#endif
}

}  // namespace

Fiber::Fiber(Body body, void* context) : body_(body), context_(context) {
  inside_ =
      boost::context::fiber(std::allocator_arg, Stacks{&bottom_, &size_},
                            [this](boost::context::fiber&& outside) { return enter(std::move(outside)); });
}

boost::context::fiber Fiber::enter(boost::context::fiber&& outside) {
  after_switch(nullptr, &outer_bottom_, &outer_size_);
  outside_ = std::move(outside);
  body_(*this, context_);
  before_switch(nullptr, outer_bottom_, outer_size_);
  return std::move(outside_);
}

void Fiber::resume() {
  void* saved = nullptr;
  before_switch(&saved, bottom_, size_);
  boost::context::fiber next = std::move(inside_).resume();
  inside_ = std::move(next);
  after_switch(saved, nullptr, nullptr);
}

void Fiber::suspend() {
  void* saved = nullptr;
  before_switch(&saved, outer_bottom_, outer_size_);
  boost::context::fiber next = std::move(outside_).resume();
  outside_ = std::move(next);
  after_switch(saved, &outer_bottom_, &outer_size_);
}

bool Fiber::in_guard_page(const void* address) const {
  const char* bottom = static_cast<const char*>(bottom_);
  const char* at = static_cast<const char*>(address);
  return at < bottom && at >= bottom - kPage;
}

Fiber& FiberPool::take() {
  if (idle_.empty()) {
    all_.push_back(std::make_unique<Fiber>(body_, context_));
    return *all_.back();
  }
  Fiber* fiber = idle_.back();
  idle_.pop_back();
  return *fiber;
}

bool FiberPool::in_guard_page(const void* address) const {
  for (const auto& fiber : all_)
    if (fiber->in_guard_page(address)) return true;
  return false;
}

}  // namespace sumi::emu
