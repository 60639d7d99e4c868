// Every kind of bug that the emulator detects, planted, and reported with kernel and block.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/emu/helpers.h"

using namespace test_emu;
using sumi::emu::Schedule;
using sumi::emu::ScheduleScope;
using sumi::emu::VerifyScope;

namespace {

constexpr unsigned kAll = 0xFFFFFFFFu;

// The output of a child process that dies.
template <class F>
std::string last_words(F f) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    f();
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK_FALSE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  return text;
}

}  // namespace

TEST_CASE("emu bug: a write out of bounds") {
  OnDevice<float> x(10);
  float* p = x.get();
  const auto body = [=] {
    if (blockIdx.x == 2) p[threadIdx.x] = 1.0f;  // one thread too many
  };
#ifdef __SANITIZE_ADDRESS__
  const std::string words = last_words([&] { error_of_launch("writes_beyond", 3, 11, body); });
  CHECK(has(words, "AddressSanitizer: use-after-poison"));
  CHECK(has(words, "[emu] kernel writes_beyond, block (2,0,0), thread (10,0,0)"));
#else
  CHECK(error_of_launch("writes_beyond", 3, 11, body) ==
        "[emu] kernel writes_beyond, block (2,0,0): wrote out of bounds, after the end of an allocation of "
        "40 bytes");
  CHECK(error_of_launch("writes_beyond", 3000, 11, body) ==
        "[emu] kernel writes_beyond: wrote out of bounds, after the end of an allocation of 40 bytes");
  const auto before = [=] { p[-1 - static_cast<int>(threadIdx.x)] = 1.0f; };
  CHECK(has(error_of_launch("writes_before", 1, 1, before), "before the begin of an allocation of 40 bytes"));
  CHECK(error_of_launch("writes_inside", 1, 10, body) == "");
#endif
}

#ifdef __SANITIZE_ADDRESS__
TEST_CASE("emu bug: reads out of bounds and of freed memory, and a shared overrun") {
  struct Shared {
    float x[8];
  };
  OnDevice<float> x(10), y(1);
  float *p = x.get(), *q = y.get();
  const std::string beyond =
      last_words([&] { error_of_launch("reads_beyond", dim3(1, 2), 1, [=] { q[0] = p[9 + blockIdx.y]; }); });
  CHECK(has(beyond, "[emu] kernel reads_beyond, block (0,1,0), thread (0,0,0)"));
  float* freed = nullptr;
  cudaMalloc(&freed, 64);
  cudaFree(freed);
  CHECK(has(last_words([&] { error_of_launch("reads_freed", 1, 1, [=] { q[0] = freed[3]; }); }),
            "[emu] kernel reads_freed, block (0,0,0)"));
  CHECK(has(last_words([&] {
              error_of_launch("shared_overrun", 1, 9,
                              [=] { block_shared<Shared>().x[threadIdx.x + 0u] = 1.0f; });
            }),
            "kernel shared_overrun, block (0,0,0), thread (8,0,0)"));
}
#endif

TEST_CASE("emu bug: far astray") {
  const ScheduleScope scope(Schedule::ascending());
  float* p = reinterpret_cast<float*>(64);
  const std::string words = last_words([&] {
    error_of_launch("null_and_more", dim3(2, 1), 3, [=] { *p = static_cast<float>(threadIdx.x); });
  });
  CHECK(has(words, "[emu] kernel null_and_more, block (0,0,0), thread (0,0,0)"));
}

TEST_CASE("emu bug: the host reads device memory") {
  OnDevice<float> x(std::vector<float>(25, 1.0f));
  const float* p = x.get();
  const std::string words = last_words([&] { std::printf("%f", static_cast<double>(p[3])); });
  CHECK(has(words, "[emu] the host touched device memory at 0x"));
  CHECK(has(words, "(in an allocation of 100 bytes); copy it with cudaMemcpy\n"));
}

TEST_CASE("emu bug: a stack overflow on a fiber") {
  struct Deep {
    static int down(int n) {
      volatile char big[4096];
      big[0] = static_cast<char>(n);
      return n == 0 ? big[0] : down(n - 1) + big[0];
    }
  };
  OnDevice<int> x(1);
  int* p = x.get();
  const std::string words = last_words([&] { error_of_launch("deep", 1, 1, [=] { *p = Deep::down(100); }); });
  CHECK(has(words, "kernel deep, block (0,0,0), thread (0,0,0)"));
#ifndef __SANITIZE_ADDRESS__
  CHECK(has(words, "its stack overflowed"));
#endif
}

TEST_CASE("emu bug: a missing barrier") {
  struct Shared {
    int x[64];
  };
  OnDevice<int> out(3 * 64);
  int* p = out.get();
  const auto body = [=] {
    auto& s = block_shared<Shared>();
    s.x[threadIdx.x] = static_cast<int>(threadIdx.x);
    if (blockIdx.x != 1) __syncthreads();
    p[blockIdx.x * 64 + threadIdx.x] = s.x[(threadIdx.x + 1) % 64];
  };
  const VerifyScope verify;
  const std::string error = error_of_launch("no_barrier", 3, 64, body);
  CHECK(error ==
        "[emu] kernel no_barrier, block (1,0,0): the result depends on the thread order: a missing "
        "__syncthreads() or __syncwarp()");
}

TEST_CASE("emu bug: threads that left a barrier, threads at two barriers") {
  CHECK(has(error_of_launch("left", dim3(1, 4), 64,
                            [=] {
                              if (blockIdx.y == 3 && threadIdx.x >= 60) return;
                              __syncthreads();
                            }),
            "[emu] kernel left, block (0,3,0): 60 of 64 threads wait at __syncthreads() ("));
  const std::string two = error_of_launch("two", 1, 64, [=] {
    if (threadIdx.x < 32)
      __syncthreads();
    else
      __syncthreads();
  });
  CHECK(has(two, "[emu] kernel two, block (0,0,0): threads wait at different barriers: thread (0,0,0) at "));
  CHECK(has(two, "bugs_test.cpp:" + std::to_string(__LINE__ - 5) + ")"));
  CHECK(has(two, "bugs_test.cpp:" + std::to_string(__LINE__ - 4) + ")"));
  // The emulator continues after an error.
  CHECK(error_of_launch("fine", 1, 64, [=] { __syncthreads(); }) == "");
}

TEST_CASE("emu bug: masks that name who cannot come") {
  const ScheduleScope scope(Schedule::ascending());
  CHECK(has(error_of_launch("gone", 1, 32,
                            [=] {
                              if (threadIdx.x == 5) return;
                              __shfl_sync(kAll, 1, 0);
                            }),
            "for lane 5, which has returned"));
  CHECK(has(error_of_launch("absent", 1, 20, [=] { __ballot_sync(kAll, 1); }),
            "for lane 20, which its mask names and the block does not have"));
  CHECK(has(error_of_launch("not_me", 1, 32, [=] { __any_sync(1, 1); }),
            "[emu] kernel not_me, block (0,0,0), thread (1,0,0): __any_sync() ("));
  CHECK(has(error_of_launch("unnamed", 1, 32,
                            [=] {
                              if (threadIdx.x < 16) __shfl_sync(0xFFFFu, 1, 16);
                            }),
            "reads lane 16, which its mask does not name"));
  CHECK(has(error_of_launch("mixed", 1, 32,
                            [=] {
                              if (threadIdx.x < 16)
                                __syncthreads();
                              else
                                __syncwarp();
                            }),
            "for lane 0, which waits at __syncthreads()"));
  CHECK(has(error_of_launch("masks", 1, 32,
                            [=] {
                              if (threadIdx.x < 16)
                                __any_sync(kAll, 1);
                              else
                                __any_sync(0xFFFF0001u, 1);
                            }),
            "with another mask"));
}

TEST_CASE("emu bug: shared memory read before it was written; copies not waited for") {
  struct Shared {
    float x[4];
  };
  OnDevice<float> in(std::vector<float>(4, 3.0f)), out(2);
  const float* x = in.get();
  float* p = out.get();
  const auto uninitialized = [=] {
    auto& s = block_shared<Shared>();
    if (blockIdx.x == 0) s.x[3] = 0.0f;
    p[blockIdx.x] = s.x[3];
  };
  const auto early = [=] {
    auto& s = block_shared<Shared>();
    sumi::emu::async_copy(&s, x, 16);
    sumi::emu::async_commit();
    if (blockIdx.x == 0) sumi::emu::async_wait(0);
    p[blockIdx.x] = s.x[2];
    sumi::emu::async_wait(0);
  };
  error_of_launch("uninitialized", 2, 1, uninitialized);
  CHECK(out.read()[1] != out.read()[1]);  // NaN
  const std::string why = "fill of shared memory: read before it was written, or an asynchronous copy";
  const VerifyScope verify;
  CHECK(has(error_of_launch("uninitialized", 2, 1, uninitialized),
            "[emu] kernel uninitialized, block (1,0,0): the result depends on the " + why));
  CHECK(has(error_of_launch("early", 2, 1, early),
            "[emu] kernel early, block (1,0,0): the result depends on the " + why));
  CHECK(has(error_of_launch("never", 2, 1,
                            [=] {
                              if (blockIdx.x == 1) sumi::emu::async_copy(&block_shared<Shared>(), x, 16);
                            }),
            "kernel never, block (1,0,0), thread (0,0,0): returned with 1 asynchronous copies"));
}

TEST_CASE("emu bug: blocks that write one place") {
  OnDevice<unsigned> out(2);
  unsigned* p = out.get();
  const VerifyScope verify;
  CHECK(has(error_of_launch("blocks", 4, 1, [=] { p[blockIdx.x == 2] = blockIdx.x; }),
            "[emu] kernel blocks, block (0,0,0): the result depends on the block order: "));
}

TEST_CASE("emu bug: exceptions and misuse name kernel, block and thread") {
  const ScheduleScope scope(Schedule::ascending());
  CHECK(error_of_launch("throws", dim3(1, 2), dim3(2, 2), [=] {
          if (blockIdx.y == 1 && threadIdx.y == 1) sumi::fail("there", "a reason");
        }) == "[emu] kernel throws, block (0,1,0), thread (0,1,0): [there] a reason");
  CHECK(has(error_of_launch("misaligned", 1, 1,
                            [=] { sumi::emu::async_copy(reinterpret_cast<char*>(1), nullptr, 8); }),
            "not multiples"));
  CHECK(has(error_of([] { __syncthreads(); }), "__syncthreads() outside of a kernel"));
  run("too_wide", 1, 1025, [] {});
  CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
  CHECK(has(sumi::emu::last_detail(), "kernel too_wide"));
  CHECK(cudaGetLastError() == cudaSuccess);
}

TEST_CASE("emu: objects on waiting threads' stacks are destroyed when the block fails") {
  static int alive = 0;
  struct Counted {
    Counted() { ++alive; }
    ~Counted() { --alive; }
  };
  CHECK(error_of_launch("fails", 1, 8, [=] {
          const Counted counted;
          if (threadIdx.x == 6) sumi::fail("x", "y");
          __syncthreads();
        }) != "");
  CHECK(alive == 0);
}
