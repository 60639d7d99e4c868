// CUDA's execution model on the host: what tests and launch() say to it.
//
// A launch runs its grid one block at a time. Every thread of the block is a fiber: a function with a stack of its
// own that runs until it waits (at a barrier, or in a warp collective), then hands the processor to another fiber
// of the same block. Nothing runs in parallel, so a data race is not a matter of luck: it shows as a result that
// depends on the order in which threads ran, and the order is ours to choose (Order, verify()).
//
// Streams are queues that run as late as CUDA allows: nothing runs before a synchronization asks for it. Device
// memory is unreadable to the host except inside runtime calls. So a program that reads too early, refills a
// pinned buffer too soon or forgot an event is wrong here every time, not once a week.
//
// Not seen: overruns from one part of an allocation into another (a pool hands out such parts), races whose outcome is
// the same bits in the orders that were run, and everything about speed.
//
// Errors that CUDA would report as undefined behavior are thrown as sumi::Error from the call that ran the work
// (cudaStreamSynchronize, ...): one line "[emu] kernel NAME, block (x,y,z): what". Work still queued is then
// dropped, as it is after a real sticky error, but the next program part may go on.
//
// Environment: SUMI_EMU_ORDER=ascending|descending|SEED, SUMI_EMU_VERIFY=1, SUMI_EMU_MEMORY_MB (16384), and for
// debuggers SUMI_EMU_FIRST=BLOCK,THREAD (linear indices): who runs before all others, and goes on first after each
// barrier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "kernels/emu/include/cuda_vector_types.h"
#include "kernels/emu/schedule.h"

struct CUstream_st;

namespace sumi::emu {

// Queues a kernel on a stream (null: the default stream). `thread_body` is called once for each thread, with
// threadIdx and its siblings set. A shape that no device takes sets the last error to
// cudaErrorInvalidConfiguration, as <<<>>> does.
void launch(CUstream_st* stream, const char* name, dim3 grid, dim3 block, std::function<void()> thread_body);

// The orders of everything that runs while the object lives; before, what the environment says.
class OrderScope {
 public:
  explicit OrderScope(Order all) : OrderScope(Orders{all, all, all}) {}
  explicit OrderScope(Orders orders);
  ~OrderScope();
  OrderScope(const OrderScope&) = delete;
  OrderScope& operator=(const OrderScope&) = delete;

 private:
  Orders before_;
};

// While it lives each launch runs several times from the same device memory: threads ascending, descending and
// shuffled, blocks likewise, shared memory filled with two patterns. Results that differ are an error that names
// kernel, block and what varied. Kernels must touch device memory only.
class VerifyScope {
 public:
  explicit VerifyScope(bool on = true);
  ~VerifyScope();
  VerifyScope(const VerifyScope&) = delete;
  VerifyScope& operator=(const VerifyScope&) = delete;

 private:
  bool before_;
};

// How many devices there are while it lives; without it one. They share their memory. A stream and an event belong to the device that was
// the thread's current one when they were made, and work of two devices does not mix without an event, as on real ones.
class DevicesScope {
 public:
  explicit DevicesScope(int count);
  ~DevicesScope();
  DevicesScope(const DevicesScope&) = delete;
  DevicesScope& operator=(const DevicesScope&) = delete;

 private:
  int before_;
};

// How often kernels of this name ran since the program began (a verified launch counts once).
std::size_t launch_count(const std::string& name);

// Why the last runtime call of this thread was refused, in one line; "" where the code says it all.
const std::string& last_detail();

}  // namespace sumi::emu
