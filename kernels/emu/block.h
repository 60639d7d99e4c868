// One block of a grid: its threads, what they wait for, and the order in which they run.
//
// A thread is started on an idle fiber. If it returns without having waited, the same fiber starts
// the next thread, so that kernels without barriers cost one function call per thread. A thread
// that waits keeps its fiber; once its condition holds it becomes ready, and ready threads run
// before new ones are started. If no thread can run and some wait, the block is deadlocked: a hang
// on a device, an error here.
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernels/emu/device_functions.h"
#include "kernels/emu/fibers.h"
#include "kernels/emu/include/cuda_vector_types.h"
#include "kernels/emu/schedule.h"

namespace sumi::emu {

struct Kernel {
  std::string name;
  dim3 grid, block;
  std::function<void()> thread_body;
};

struct AsyncCopy {
  void* to;
  const void* from;
  std::size_t bytes;
  int group;
};

struct Thread {
  enum class State : std::uint8_t { unstarted, running, ready, at_barrier, in_warp, returned };
  State state = State::unstarted;
  bool predicate = false;  // passed to a barrier
  int groups = 0;          // committed groups of asynchronous copies
  Fiber* fiber = nullptr;
  const char* wait_name = "";  // the function it waits in
  Location where;
  unsigned mask = 0;  // of the warp collective
  std::uint32_t argument = 0;
  std::uint64_t value = 0;  // passed to the warp collective, then its result
  std::vector<AsyncCopy> copies;
};

class Block {
 public:
  // The running block; null between blocks. One launch runs at a time.
  static Block* current;

  // `first`: the thread that runs before all others whenever it can; -1: none.
  Block(const Kernel& kernel, const Schedule& threads, std::uint8_t shared_fill, std::int64_t first = -1);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // Runs all threads of block `index` to completion. Throws sumi::Error.
  void run(uint3 index);

  int barrier(const char* name, bool predicate, Location where);
  std::uint64_t collective(const char* name, LaneFunction function, unsigned mask, std::uint64_t value,
                           std::uint32_t argument, Location where);
  void* shared(std::size_t bytes, std::size_t alignment, const void* key);
  Thread& thread() { return threads_[current_]; }
  unsigned live_lanes() const;
  bool is_shared(const void* pointer) const;
  std::size_t shared_bytes() const { return shared_bytes_; }
  int size() const { return static_cast<int>(threads_.size()); }

  std::string str() const;                           // "kernel NAME, block (x,y,z)"
  std::string thread_str(std::size_t thread) const;  // "thread (x,y,z)"
  std::size_t current_thread() const { return current_; }
  [[noreturn]] void fail_here(const std::string& what) const;
  static FiberPool& fibers();

 private:
  struct Aborted {};  // unwinds the waiting threads of a block that failed
  struct Shared {
    void* data;
    std::size_t bytes, alignment;
    bool used;  // by this block
  };

  static void fiber_body(Fiber& fiber, void*);
  void run_thread(std::size_t thread);
  void set_thread(std::size_t thread);
  void wait();
  void make_ready(std::size_t thread);
  void release_barrier();
  bool release_warp(std::size_t warp, LaneFunction function, unsigned mask);
  void abort();
  void check_copies() const;
  [[noreturn]] void stuck() const;
  std::string stuck_lane(std::size_t thread) const;

  const Kernel& kernel_;
  Schedule order_;
  Random random_;
  std::uint8_t fill_;
  std::int64_t first_;
  std::size_t shared_bytes_ = 0;
  uint3 index_{};
  std::vector<uint3> thread_index_;  // of each thread
  std::vector<Thread> threads_;
  std::vector<std::uint32_t> start_order_, release_order_;
  std::size_t started_ = 0, returned_ = 0, at_barrier_ = 0, current_ = 0;
  std::deque<std::size_t> ready_;
  std::vector<unsigned> arrived_;  // lanes of each warp that wait in a collective
  std::map<const void*, Shared> shared_;
  std::exception_ptr failure_;
  bool aborting_ = false;
};

std::string location_str(const Location& where);  // "file.cu:12"
std::string index_str(const uint3& index);        // "(x,y,z)"

}  // namespace sumi::emu
