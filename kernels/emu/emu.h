// CUDA's execution model on the host: the interface for tests and launch().
//
// A launch runs its grid one block at a time. Every thread of the block is a fiber: a function with
// its own stack that runs until it waits (at a barrier or in a warp collective), then yields to
// another fiber of the same block. Nothing runs in parallel, so a data race does not depend on
// luck: it shows as a result that depends on the order in which threads ran, and that order is
// controlled (Schedule, VerifyScope).
//
// Streams are queues that run as late as CUDA allows: nothing runs before a synchronization
// requires it. Device memory is inaccessible to the host except inside runtime calls. A program
// that reads too early, refills a pinned buffer too soon or forgets an event therefore fails here
// every time, not once a week.
//
// Not detected: overruns from one part of an allocation into another (a pool hands out such parts),
// races whose outcome has the same bits in the orders that were run, and anything about speed.
//
// Errors that CUDA would report as undefined behavior are thrown as sumi::Error from the call that
// ran the work (cudaStreamSynchronize, ...): one line "[emu] kernel NAME, block (x,y,z): what".
// Work still queued is then dropped, as after a real sticky error, but the program may continue.
//
// Environment: SUMI_EMU_ORDER=ascending|descending|SEED, SUMI_EMU_VERIFY=1, SUMI_EMU_MEMORY_MB
// (16384), and for debuggers SUMI_EMU_FIRST=BLOCK,THREAD (linear indices): the block and thread
// that run before all others, also after each barrier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/emu/include/cuda_vector_types.h"
#include "kernels/emu/schedule.h"

struct CUstream_st;

namespace sumi::emu {

// The function of a launch and its arguments, for those who run another form of the kernel
// (kernels/emu/ptx/witness.h).
struct Arguments {
  struct Part {
    std::size_t offset, bytes;
  };
  const void* function = nullptr;
  std::vector<std::byte> bytes = {};  // each argument aligned to its own alignment
  std::vector<Part> parts = {};

  Arguments() = default;
  template <class... P>
  Arguments(void (*kernel)(P...), const std::tuple<P...>& values)
      : function(reinterpret_cast<const void*>(kernel)) {
    std::apply([this](const P&... value) { (add(&value, sizeof value, alignof(P)), ...); }, values);
  }

 private:
  void add(const void* value, std::size_t size, std::size_t alignment) {
    parts.push_back({(bytes.size() + alignment - 1) / alignment * alignment, size});
    bytes.resize(parts.back().offset + size);
    std::memcpy(bytes.data() + parts.back().offset, value, size);
  }
};

// Queues a kernel on a stream (null: the default stream). `thread_body` is called once per thread,
// with threadIdx and the other built-in variables set. A shape that no device supports sets the
// last error to cudaErrorInvalidConfiguration, as
void launch(CUstream_st* stream, const char* name, dim3 grid, dim3 block, std::function<void()> thread_body,
            const Arguments& arguments = {});

// Sets the schedules of everything that runs while the object lives. Without one the environment
// decides.
class ScheduleScope {
 public:
  explicit ScheduleScope(Schedule all) : ScheduleScope(Schedules{all, all, all}) {}
  explicit ScheduleScope(Schedules orders);
  ~ScheduleScope();
  ScheduleScope(const ScheduleScope&) = delete;
  ScheduleScope& operator=(const ScheduleScope&) = delete;

 private:
  Schedules before_;
};

// While it lives, each launch runs several times from the same device memory: threads ascending,
// descending and shuffled, blocks likewise, shared memory filled with two patterns. Differing
// results are an error that names the kernel, the block and what varied. Kernels must access device
// memory only.
class VerifyScope {
 public:
  explicit VerifyScope(bool on = true);
  ~VerifyScope();
  VerifyScope(const VerifyScope&) = delete;
  VerifyScope& operator=(const VerifyScope&) = delete;

 private:
  bool before_;
};

// The number of devices while it lives; one without it. They share their memory. Streams and events
// belong to the device that was current in the thread when they were created, and work of two
// devices is ordered only by events, as on real devices.
class DevicesScope {
 public:
  explicit DevicesScope(int count);
  ~DevicesScope();
  DevicesScope(const DevicesScope&) = delete;
  DevicesScope& operator=(const DevicesScope&) = delete;

 private:
  int before_;
};

// The number of runs of kernels of this name since the program began (a verified launch counts
// once).
std::size_t launch_count(const std::string& name);

// The reason for the last refused runtime call of this thread, in one line; "" if the error code is
// sufficient.
const std::string& last_detail();

}  // namespace sumi::emu
