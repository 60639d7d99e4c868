// The threads of the CPU backend: one pool for the process, which every CPU kernel shares.
//
// A loop is cut into tasks. The calling thread works on them at once; workers join it, and whoever
// has finished its own share takes tasks from the others. So a worker that the operating system has
// not woken yet delays nobody; one that is interrupted within a task is waited for.
//
// A worker without work spins for up to a millisecond, because waking a sleeping thread costs tens
// of microseconds, then sleeps. Where other programs want the processor it sleeps at once: threads
// look twenty times a second at how long the system let them wait for one (Linux's schedstat).
// bench/busy.py shows what that gains. The environment decides otherwise: OMP_WAIT_POLICY=passive
// never spins, active always does, and OMP_NUM_THREADS is the number of threads unless
// set_num_threads() says another.
#pragma once

#include <cstdint>
#include <string>

namespace sumi::kernels {

// Processors that this process may run on.
int num_processors();

// Number of threads that loops use, the calling one included, for the whole process. Must not
// change while a kernel runs. 0: OMP_NUM_THREADS, or num_processors() where that is not set. Throws
// Error for a negative count.
void set_num_threads(int count);
int num_threads();

// What idle threads do: "adaptive", "passive" or "active".
std::string wait_policy();

// Task `index` of a loop. `thread` is below num_threads(), and no two tasks that run at the same
// time have the same.
using ThreadTask = void(const void* context, std::int64_t index, int thread);

// Runs tasks 0 to count - 1 and returns when all are done. A task must not throw. Neighboring
// indices tend to run on one thread, the same one in every loop of `count` tasks. Within a task,
// and while another thread of the program runs a loop, the tasks run one after another on the
// calling thread, as thread 0.
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
