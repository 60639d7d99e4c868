#include "kernels/thread_pool.h"

#include <pthread.h>
#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "kernels/base/check.h"

namespace sumi::kernels {
namespace {

using i64 = std::int64_t;
constexpr int kMostThreads = 1024;

i64 now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Nanoseconds during which this thread was runnable but not running because others had the
// processor; 0 if the system does not tell.
i64 waited_ns() {
  i64 ran = 0, waited = 0;
#ifdef __linux__
  if (std::FILE* const file = std::fopen("/proc/thread-self/schedstat", "re")) {
    if (std::fscanf(file, "%" SCNd64 " %" SCNd64, &ran, &waited) != 2) waited = 0;
    std::fclose(file);
  }
#endif
  return waited;
}

// Shortens the time slice of the calling thread, once. Linux 6.12 and later let a waking thread
// preempt one with a longer slice, so that a worker joins a loop of microseconds at once while
// another program computes, instead of after that program's slice of 3 ms. Its share of the
// processor stays the same. Older kernels ignore the value.
void shorten_time_slice() {
#if defined(__linux__) && defined(SYS_sched_setattr)
  constexpr std::uint64_t kSlice = 100'000;  // ns, the shortest that Linux takes
  struct {  // struct sched_attr, version 0; glibc before 2.41 does not declare it
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
  } attributes = {};
  thread_local bool done = false;
  if (std::exchange(done, true)) return;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER && attributes.policy != SCHED_BATCH) return;
  attributes.size = sizeof attributes;
  attributes.runtime = kSlice;
  syscall(SYS_sched_setattr, 0, &attributes, 0);  // without it waking is only slower
#endif
}

// How long a thread spins before it sleeps.
class SpinPolicy {
 public:
  enum class Kind { adaptive, passive, active };

  SpinPolicy() {
    const char* const value = std::getenv("OMP_WAIT_POLICY");
    std::string policy = value ? value : "";
    for (char& c : policy) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (policy == "passive") kind_ = Kind::passive;
    if (policy == "active") kind_ = Kind::active;
  }

  Kind kind() const { return kind_; }

  // Returns true if done() became true before the time to sleep.
  template <class Done>
  bool spin(const Done& done) {
    if (done()) return true;
    if (kind_ == Kind::passive) return false;
    const i64 start = now_ns();
    if (kind_ == Kind::adaptive && is_busy(start)) return false;
    do {
      for (int i = 0; i < 16; ++i) {
        if (done()) return true;
        pause_briefly();
      }
    } while (kind_ == Kind::active || now_ns() - start < kLongest);
    return false;
  }

 private:
  // Longer than the gaps between two loops of a training step. A longer gap costs a wake-up, a few
  // percent of it.
  static constexpr i64 kLongest = 1'000'000;
  // A machine is busy if a thread waits for a processor for a quarter of the time. That is measured
  // while threads spin, some time after they started to: threads that slept may have woken on one
  // processor, and the system needs some milliseconds to separate them.
  static constexpr i64 kSettling = 10'000'000, kMeasured = 50'000'000, kShare = 4;
  // On a busy machine threads sleep at once for a period, which grows while the machine stays busy
  // and is reset after a while without load.
  static constexpr i64 kFirstSleep = 40'000'000, kLongestSleep = 1'280'000'000, kForgotten = 4'000'000'000;

  struct Wait {
    i64 settled = 0;  // when this thread's waiting may be measured; 0: not spinning
    i64 since = 0, waited = 0;
  };
  static thread_local Wait this_threads_;

  bool is_busy(i64 now) {
    Wait& mine = this_threads_;
    if (now < sleep_until_.load(std::memory_order_relaxed)) {
      mine.settled = 0;
      return true;
    }
    if (mine.settled == 0) mine = {now + kSettling, 0, 0};
    if (now < mine.settled || now - mine.since < kMeasured) return false;
    const i64 elapsed = now - std::exchange(mine.since, now);
    const i64 before = std::exchange(mine.waited, waited_ns());
    const bool busy = before != 0 && (mine.waited - before) * kShare > elapsed;
    if (busy) suspend(now);
    return busy;
  }

  void suspend(i64 now) {
    const i64 until = sleep_until_.load(std::memory_order_relaxed);
    const i64 last = length_.load(std::memory_order_relaxed);
    const i64 length = now - until > kForgotten ? kFirstSleep : std::min(2 * last, kLongestSleep);
    length_.store(length, std::memory_order_relaxed);
    sleep_until_.store(now + length, std::memory_order_relaxed);
  }

  Kind kind_ = Kind::adaptive;
  std::atomic<i64> sleep_until_{0}, length_{kFirstSleep};
};

thread_local SpinPolicy::Wait SpinPolicy::this_threads_;

// A thread's share of a loop's tasks, from which other threads take as well.
struct alignas(64) Share {
  std::atomic<i64> next{0};
  i64 end = 0;
};

thread_local bool inside_a_task = false;

class Pool {
 public:
  Pool() : threads_(default_threads()) {}

  int threads() const { return threads_; }
  void set_threads(int count) { threads_ = count > 0 ? std::min(count, kMostThreads) : default_threads(); }
  SpinPolicy::Kind wait_policy() const { return policy_.kind(); }

  void run(i64 count, ThreadTask* task, const void* context) {
    const int threads = static_cast<int>(std::min<i64>(threads_, count));
    if (threads < 2 || inside_a_task || busy_.exchange(true, std::memory_order_acquire))
      return run_here(count, task, context);
    shorten_time_slice();
    start_workers(threads - 1);
    share_out(count, threads, task, context);
    gate_.store(kOpen, std::memory_order_release);
    loops_.fetch_add(1, std::memory_order_release);
    loops_.notify_all();
    work(0);
    close();
    busy_.store(false, std::memory_order_release);
  }

  // In a child process, where only the forking thread exists.
  void forget_workers() {
    workers_ = 0;
    gate_.store(0);
    busy_.store(false);
    inside_a_task = false;
  }

 private:
  static constexpr int kOpen = 1 << 30;

  static int default_threads() {
    const char* const value = std::getenv("OMP_NUM_THREADS");
    // the outermost level of a list
    const long asked = value ? std::strtol(value, nullptr, 10) : 0;
    return asked > 0 ? static_cast<int>(std::min<long>(asked, kMostThreads)) : num_processors();
  }

  static void run_here(i64 count, ThreadTask* task, const void* context) {
    for (i64 i = 0; i < count; ++i) task(context, i, 0);
  }

  // As many as the system grants: a loop works with any number.
  void start_workers(int wanted) {
    while (workers_ < wanted) {
      try {
        const int seen = loops_.load(std::memory_order_relaxed), id = workers_ + 1;
        std::thread([this, id, seen] { stay(id, seen); }).detach();
      } catch (const std::system_error&) {
        return;
      }
      ++workers_;
    }
  }

  void share_out(i64 count, int threads, ThreadTask* task, const void* context) {
    if (!shares_ || shares_size_ < threads) {
      shares_ = std::make_unique<Share[]>(static_cast<std::size_t>(threads));
      shares_size_ = threads;
    }
    for (int t = 0; t < threads; ++t) {
      shares_[static_cast<std::size_t>(t)].next.store(count * t / threads, std::memory_order_relaxed);
      shares_[static_cast<std::size_t>(t)].end = count * (t + 1) / threads;
    }
    sharing_ = threads;
    task_ = task;
    context_ = context;
  }

  void work(int id) noexcept {
    inside_a_task = true;
    for (int k = 0; k < sharing_; ++k) {
      Share& share = shares_[static_cast<std::size_t>((id + k) % sharing_)];
      while (true) {
        // Read first, so that many threads that find nothing left do not contend for the line.
        if (share.next.load(std::memory_order_relaxed) >= share.end) break;
        const i64 i = share.next.fetch_add(1, std::memory_order_relaxed);
        if (i >= share.end) break;
        task_(context_, i, id);
      }
    }
    inside_a_task = false;
  }

  // No thread enters any more; those inside finish their tasks.
  void close() {
    gate_.fetch_and(~kOpen, std::memory_order_acq_rel);
    const auto empty = [&] { return gate_.load(std::memory_order_acquire) == 0; };
    if (policy_.spin(empty)) return;
    for (int inside = gate_.load(std::memory_order_acquire); inside != 0;
         inside = gate_.load(std::memory_order_acquire))
      gate_.wait(inside, std::memory_order_acquire);
  }

  bool enter() {
    int inside = gate_.load(std::memory_order_relaxed);
    while (inside & kOpen)
      if (gate_.compare_exchange_weak(inside, inside + 1, std::memory_order_acq_rel)) return true;
    return false;
  }

  void leave() {
    if (gate_.fetch_sub(1, std::memory_order_acq_rel) == 1) gate_.notify_one();
  }

  // The loop of a worker. `seen`: the number of earlier loops.
  void stay(int id, int seen) {
    shorten_time_slice();
    while (true) {
      const auto begun = [&] { return loops_.load(std::memory_order_acquire) != seen; };
      if (!policy_.spin(begun)) loops_.wait(seen, std::memory_order_acquire);
      seen = loops_.load(std::memory_order_acquire);
      if (!enter()) continue;
      if (id < sharing_) work(id);
      leave();
    }
  }

  std::atomic<int> threads_;
  SpinPolicy policy_;
  std::atomic<bool> busy_{false};  // a loop runs; guards the members below except the atomics
  int workers_ = 0;
  std::unique_ptr<Share[]> shares_;
  int shares_size_ = 0, sharing_ = 0;
  ThreadTask* task_ = nullptr;
  const void* context_ = nullptr;
  // loops started so far; idle workers wait for it to change
  alignas(64) std::atomic<int> loops_{0};
  // kOpen while tasks may be left, plus the number of workers inside
  alignas(64) std::atomic<int> gate_{0};
};

// Never destroyed: its threads wait in it until the process ends.
Pool& pool() {
  static Pool* const only = [] {
    auto* const made = new Pool;
    pthread_atfork(nullptr, nullptr, [] { pool().forget_workers(); });
    return made;
  }();
  return *only;
}

}  // namespace

int num_processors() {
#ifdef __linux__
  // The mask of a machine with more than 1024 processors does not fit the fixed set.
  for (int size = 1024; size <= 1 << 20; size *= 4) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(size));
    const bool known = set && sched_getaffinity(0, CPU_ALLOC_SIZE(size), set) == 0;
    const int count = known ? CPU_COUNT_S(CPU_ALLOC_SIZE(size), set) : 0;
    const bool too_small = set && !known && errno == EINVAL;
    CPU_FREE(set);
    if (count > 0) return count;
    if (!too_small) break;
  }
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void set_num_threads(int count) {
  if (count < 0) fail("threads", "the number of threads must be 0 (all) or more");
  pool().set_threads(count);
}

int num_threads() {
  return pool().threads();
}

std::string wait_policy() {
  using Kind = SpinPolicy::Kind;
  const Kind kind = pool().wait_policy();
  return kind == Kind::passive ? "passive" : kind == Kind::active ? "active" : "adaptive";
}

void run_tasks(i64 count, ThreadTask* task, const void* context) {
  pool().run(count, task, context);
}

}  // namespace sumi::kernels
