// Fibers: functions with their own stacks between which one OS thread switches (about 20 ns per
// switch). Each waiting thread of a running block holds one.
#pragma once

#include <boost/context/fiber.hpp>
#include <cstddef>
#include <memory>
#include <vector>

namespace sumi::emu {

// Runs `body(fiber, context)` on its own stack. resume() returns when the body suspends or returns.
class Fiber {
 public:
  using Body = void (*)(Fiber&, void*);
  Fiber(Body body, void* context);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  void resume();   // from outside
  void suspend();  // from inside

  // Returns true if the address is in the guard page under the stack, which means an overflow.
  bool in_guard_page(const void* address) const;

 private:
  boost::context::fiber enter(boost::context::fiber&& outside);

  Body body_;
  void* context_;
  boost::context::fiber inside_, outside_;  // the side that is not running
  const void* bottom_ = nullptr;            // of this fiber's stack
  std::size_t size_ = 0;                    // of the stack, bytes
  const void* outer_bottom_ = nullptr;      // of the resumer's stack, for ASan
  std::size_t outer_size_ = 0;
};

// Fibers that never end: a suspended one waits for the next thread to run. There are as many as
// threads have ever waited at once.
class FiberPool {
 public:
  FiberPool(Fiber::Body body, void* context) : body_(body), context_(context) {}
  Fiber& take();
  void give(Fiber& fiber) { idle_.push_back(&fiber); }
  bool in_guard_page(const void* address) const;

 private:
  Fiber::Body body_;
  void* context_;
  std::vector<std::unique_ptr<Fiber>> all_;
  std::vector<Fiber*> idle_;  // most recently returned first: its stack is in the cache
};

}  // namespace sumi::emu
