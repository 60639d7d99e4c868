// The thread pool of the CPU backend: one per process, shared by all CPU kernels.
//
// A loop is split into tasks. The calling thread starts on them at once; workers join, and a thread
// that has finished its share takes tasks from the others. A worker that the operating system has
// not woken yet therefore delays nobody; one that is interrupted inside a task is waited for.
//
// An idle worker spins for up to a millisecond, because waking a sleeping thread costs tens of
// microseconds, and then sleeps. If other programs compete for the processor it sleeps at once:
// workers check twenty times a second how long the system let them wait for one (Linux's
// schedstat). bench/busy.py measures the gain. Environment variables override this:
// OMP_WAIT_POLICY=passive never spins, active always does, and OMP_NUM_THREADS is the number of
// threads unless set_num_threads() is called.
#pragma once

#include <cstdint>
#include <string>

namespace sumi::kernels {

// The number of processors that this process may run on.
int num_processors();

// Sets the number of threads that loops use, including the caller's, for the whole process. Must
// not change while a kernel runs. 0: OMP_NUM_THREADS, or num_processors() if that is not set.
// Throws Error for a negative count.
void set_num_threads(int count);
int num_threads();

// The idle policy: "adaptive", "passive" or "active".
std::string wait_policy();

// Task `index` of a loop. `thread` is below num_threads() and differs between tasks that run at the
// same time.
using ThreadTask = void(const void* context, std::int64_t index, int thread);

// Runs tasks 0 to count - 1 and returns when all are done. A task must not throw. Adjacent indices
// tend to run on one thread, which is the same for every loop of `count` tasks. Inside a task, and
// while another thread of the program runs a loop, the tasks run one after another on the calling
// thread, as thread 0.
void run_tasks(std::int64_t count, ThreadTask* task, const void* context);

// body(index, thread) for all indices below count.
template <class Body>
void parallel_for(std::int64_t count, const Body& body) {
  run_tasks(
      count,
      [](const void* context, std::int64_t index, int thread) {
        (*static_cast<const Body*>(context))(index, thread);
      },
      &body);
}

}  // namespace sumi::kernels
