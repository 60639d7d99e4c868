// Replaces kernels/thread_pool.cpp: WebAssembly without threads. The tasks run in order.
#include "kernels/base/check.h"
#include "kernels/thread_pool.h"

namespace sumi::kernels {

int num_processors() {
  return 1;
}

void set_num_threads(int count) {
  if (count < 0) fail("threads", std::to_string(count) + " threads; use 0 or more");
}

int num_threads() {
  return 1;
}

std::string wait_policy() {
  return "passive";
}

void run_tasks(std::int64_t count, ThreadTask* task, const void* context) {
  for (std::int64_t i = 0; i < count; ++i) task(context, i, 0);
}

}  // namespace sumi::kernels
