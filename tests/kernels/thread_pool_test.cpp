// The thread pool of the CPU backend: each task runs once, nested loops, loops from several
// threads, and idle threads that sleep.
#include "kernels/thread_pool.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "kernels/base/check.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;
using i64 = std::int64_t;

class Threads {
 public:
  explicit Threads(int count) { set_num_threads(count); }
  ~Threads() { set_num_threads(before_); }

 private:
  const int before_ = num_threads();
};

// How often each index below count ran.
std::vector<int> runs_of(i64 count) {
  std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
  parallel_for(count, [&](i64 i, int) { ++runs[static_cast<std::size_t>(i)]; });
  return {runs.begin(), runs.end()};
}

double processor_ms() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
}

}  // namespace

TEST_CASE("threads: each task runs once") {
  for (int threads : {1, 2, 3, 5}) {
    const Threads scope(threads);
    CHECK(num_threads() == threads);
    for (i64 count : {0, 1, 2, 3, 7, 64, 1000})
      for (int again = 0; again < 20; ++again)
        CHECK(runs_of(count) == std::vector<int>(static_cast<std::size_t>(count), 1));
  }
  CHECK(num_processors() >= 1);
  CHECK_THROWS_AS(set_num_threads(-1), Error);
}

TEST_CASE("threads: tasks that run together have different thread numbers") {
  const Threads scope(4);
  std::atomic<bool> taken[4] = {};
  std::atomic<int> wrong{0};
  for (int again = 0; again < 200; ++again)
    parallel_for(16, [&](i64, int thread) {
      if (thread < 0 || thread >= 4 || taken[thread].exchange(true)) ++wrong;
      for (int i = 0; i < 100; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
      taken[thread] = false;
    });
  CHECK(wrong == 0);
}

TEST_CASE("threads: whoever has finished takes over what a busy thread has left") {
  const Threads scope(2);
  // The second share begins with a task that ends when the rest of that share is done: another
  // thread must do it.
  std::atomic<int> done{0};
  std::atomic<bool> gave_up{false};
  parallel_for(8, [&](i64 i, int) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (i == 4 && done < 7 && !gave_up) {
      gave_up = std::chrono::steady_clock::now() > until;
      std::this_thread::yield();
    }
    ++done;
  });
  CHECK_FALSE(gave_up);
  CHECK(done == 8);
}

TEST_CASE("threads: loops within tasks, and of several threads of a program") {
  const Threads scope(3);
  std::atomic<int> inner{0};
  parallel_for(5,
               [&](i64, int) { parallel_for(7, [&](i64, int thread) { inner += thread == 0 ? 1 : 100; }); });
  CHECK(inner == 35);

  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([&] {
      for (int again = 0; again < 50; ++again) wrong += runs_of(33) != std::vector<int>(33, 1);
    });
  for (std::thread& t : callers) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("threads: a child process has threads of its own") {
  const Threads scope(2);
  CHECK(runs_of(8) == std::vector<int>(8, 1));
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(runs_of(8) == std::vector<int>(8, 1) ? 0 : 1);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("threads: idle ones sleep") {
  if (wait_policy() == "active") return;  // the user wants otherwise
  const Threads scope(4);
  CHECK(runs_of(64) == std::vector<int>(64, 1));
  const double before = processor_ms();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  // Three threads that spin as long as allowed may take 3 ms together; with libgomp's settings it
  // would be 40.
  CHECK(processor_ms() - before < 12);
}

}  // namespace sumi::test
