// Memory, copies, streams and events: the guarantees of the real runtime, and no more.
#include <doctest/doctest.h>

#include <thread>

#include "tests/emu/helpers.h"

using namespace test_emu;
using sumi::emu::Schedule;
using sumi::emu::ScheduleScope;

namespace {

const Schedule kOrders[] = {Schedule::ascending(), Schedule::descending(), Schedule::shuffle(5)};

struct Streams {
  cudaStream_t a, b;
  cudaEvent_t event;
  Streams() {
    cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking);
    cudaEventCreate(&event);
  }
  ~Streams() {
    cudaStreamDestroy(a);
    cudaStreamDestroy(b);
    cudaEventDestroy(event);
  }
};

void set(float* p, float value, cudaStream_t stream) {
  run(
      "set", 1, 1, [=] { *p = value; }, stream);
}

void add(float* to, const float* from, cudaStream_t stream) {
  run(
      "add", 1, 1, [=] { *to = *to * 2 + *from; }, stream);
}

}  // namespace

TEST_CASE("emu: the device says what it is") {
  int count = 0, device = 9, version = 0;
  cudaDeviceProp p;
  CHECK(cudaGetDeviceCount(&count) == cudaSuccess);
  CHECK(count == 1);
  CHECK(cudaGetDevice(&device) == cudaSuccess);
  CHECK(device == 0);
  CHECK(cudaSetDevice(1) == cudaErrorInvalidDevice);
  CHECK(cudaPeekAtLastError() == cudaErrorInvalidDevice);
  CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
  CHECK(cudaGetDeviceProperties(&p, 0) == cudaSuccess);
  CHECK(std::string(p.name) == "sumi emulated device");
  CHECK(p.warpSize == 32);
  CHECK(cudaRuntimeGetVersion(&version) == cudaSuccess);
  CHECK(std::string(cudaGetErrorName(cudaErrorStreamCaptureUnjoined)) == "cudaErrorStreamCaptureUnjoined");
}

TEST_CASE("emu: streams and events belong to the device that was current") {
  const sumi::emu::DevicesScope two(2);
  int count = 0, device = 9;
  cudaGetDeviceCount(&count);
  CHECK(count == 2);
  Streams first;
  CHECK(cudaSetDevice(1) == cudaSuccess);
  cudaGetDevice(&device);
  CHECK(device == 1);
  {
    Streams second;
    CHECK(cudaEventRecord(second.event, second.a) == cudaSuccess);
    CHECK(cudaEventRecord(second.event, first.a) == cudaErrorInvalidResourceHandle);
    CHECK(cudaStreamWaitEvent(first.a, second.event) == cudaSuccess);
    OnDevice<float> x(1);
    set(x.get(), 1, first.a);
    CHECK(cudaGetLastError() == cudaErrorInvalidResourceHandle);
    set(x.get(), 2, second.a);
    CHECK(cudaGetLastError() == cudaSuccess);
    cudaStreamSynchronize(second.a);
    CHECK(x.read()[0] == 2);
  }
  CHECK(cudaSetDevice(2) == cudaErrorInvalidDevice);
  CHECK(cudaSetDevice(0) == cudaSuccess);
  cudaGetLastError();
}

TEST_CASE("emu: memory is aligned, NaN when fresh, counted, and runs out") {
  std::size_t free = 0, total = 0, less = 0;
  cudaMemGetInfo(&free, &total);
  {
    OnDevice<float> a(3), b(5);
    CHECK(reinterpret_cast<std::uintptr_t>(a.get()) % 256 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(b.get()) % 256 == 0);
    for (float f : b.read()) CHECK(f != f);
    cudaMemGetInfo(&less, &total);
    CHECK(less < free);
  }
  cudaMemGetInfo(&less, &total);
  CHECK(less == free);
  void* p = nullptr;
  CHECK(cudaMalloc(&p, total + 1) == cudaErrorMemoryAllocation);
  CHECK(p == nullptr);
  int local = 0;
  CHECK(cudaFree(&local) == cudaErrorInvalidValue);
  CHECK(cudaFree(nullptr) == cudaSuccess);
  // Free ranges merge: many sizes, freed in another order.
  std::vector<void*> all(50);
  for (std::size_t i = 0; i < all.size(); ++i) cudaMalloc(&all[i], 100 * i + 1);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(cudaFree(all[i * 17 % all.size()]) == cudaSuccess);
  cudaMemGetInfo(&less, &total);
  CHECK(less == free);
  cudaGetLastError();
}

TEST_CASE("emu: copies stay inside of their allocations") {
  OnDevice<char> a(100), b(100);
  std::vector<char> host(200, 1);
  CHECK(cudaMemcpy(a.get() + 50, host.data(), 50, cudaMemcpyHostToDevice) == cudaSuccess);
  CHECK(cudaMemcpy(a.get() + 50, host.data(), 51, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(host.data(), a.get(), 101, cudaMemcpyDefault) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(a.get(), host.data(), 1, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(cudaMemset(b.get() + 1, 3, 100) == cudaErrorInvalidValue);
  CHECK(cudaMemset(b.get(), 3, 100) == cudaSuccess);
  CHECK(cudaMemcpy(a.get(), b.get(), 50, cudaMemcpyDeviceToDevice) == cudaSuccess);
  const auto got = a.read();
  CHECK(got[49] == 3);
  CHECK(got[50] == 1);
  cudaGetLastError();
}

TEST_CASE("emu: pageable memory is read at the call, pinned memory when the stream comes to it") {
  Streams s;
  OnDevice<float> x(1);
  float pageable = 1, *pinned = nullptr, got = 0;
  cudaMallocHost(&pinned, sizeof(float));
  cudaMemcpyAsync(x.get(), &pageable, 4, cudaMemcpyHostToDevice, s.a);
  pageable = 2;
  cudaStreamSynchronize(s.a);
  CHECK(x.read()[0] == 1);
  *pinned = 3;
  cudaMemcpyAsync(x.get(), pinned, 4, cudaMemcpyHostToDevice, s.a);
  *pinned = 4;  // the bug: refilled too soon
  cudaStreamSynchronize(s.a);
  CHECK(x.read()[0] == 4);
  // To the host: into pageable memory at once, into pinned memory late.
  set(x.get(), 5, s.a);
  cudaMemcpyAsync(&got, x.get(), 4, cudaMemcpyDeviceToHost, s.a);
  CHECK(got == 5);
  set(x.get(), 6, s.a);
  cudaMemcpyAsync(pinned, x.get(), 4, cudaMemcpyDeviceToHost, s.a);
  CHECK(*pinned == 4);
  cudaStreamSynchronize(s.a);
  CHECK(*pinned == 6);
  cudaFreeHost(pinned);
}

TEST_CASE("emu: streams run when asked, and only they") {
  for (const Schedule& order : kOrders) {
    const ScheduleScope scope(order);
    Streams s;
    OnDevice<float> x(std::vector<float>{0, 0});
    const std::size_t before = sumi::emu::launch_count("set");
    set(x.get(), 1, s.a);
    set(x.get() + 1, 2, s.b);
    CHECK(sumi::emu::launch_count("set") == before);
    cudaStreamSynchronize(s.b);
    CHECK(sumi::emu::launch_count("set") == before + 1);
    CHECK(cudaStreamQuery(s.a) == cudaErrorNotReady);
    CHECK(cudaStreamQuery(s.a) == cudaSuccess);  // polling makes progress
    CHECK(sumi::emu::launch_count("set") == before + 2);
    CHECK(x.read() == std::vector<float>{1, 2});
  }
}

TEST_CASE("emu: events order streams; a missing one shows") {
  std::vector<float> with, without;
  for (const Schedule& order : kOrders) {
    const ScheduleScope scope(order);
    for (bool event : {true, false}) {
      Streams s;
      OnDevice<float> x(std::vector<float>{0, 1});
      set(x.get() + 1, 7, s.b);
      cudaEventRecord(s.event, s.b);
      if (event) cudaStreamWaitEvent(s.a, s.event);
      add(x.get(), x.get() + 1, s.a);
      cudaDeviceSynchronize();
      (event ? with : without).push_back(x.read()[0]);
      if (event) {
        CHECK(cudaEventQuery(s.event) == cudaSuccess);
      }
    }
  }
  CHECK(with == std::vector<float>{7, 7, 7});
  CHECK(without[0] == 1);  // a runs first
  CHECK(without[1] == 7);  // the later stream runs first
  // Waiting for one stream runs its dependencies, and no more.
  Streams s;
  OnDevice<float> x(std::vector<float>{0, 0});
  set(x.get(), 1, s.a);
  cudaEventRecord(s.event, s.a);
  set(x.get(), 2, s.a);
  cudaStreamWaitEvent(s.b, s.event);
  add(x.get() + 1, x.get(), s.b);
  cudaStreamSynchronize(s.b);
  float got = 0;
  cudaMemcpyAsync(&got, x.get() + 1, 4, cudaMemcpyDeviceToHost, s.b);
  CHECK(got == 1);
  CHECK(x.read()[1] == 1);
}

TEST_CASE("emu: the default stream waits for blocking streams, and they for it") {
  for (const Schedule& order : kOrders) {
    const ScheduleScope scope(order);
    cudaStream_t a, b;
    cudaStreamCreate(&a);
    cudaStreamCreate(&b);
    OnDevice<float> x(std::vector<float>{0});
    set(x.get(), 3, b);
    run("default", 1, 1, [p = x.get()] { *p = *p + 1; });
    run(
        "blocking", 1, 1, [p = x.get()] { *p = *p * 10; }, a);
    cudaStreamSynchronize(a);
    CHECK(x.read()[0] == 40);
    cudaStreamDestroy(a);
    cudaStreamDestroy(b);
  }
}

TEST_CASE("emu: events measure and refuse") {
  Streams s;
  cudaEvent_t end;
  cudaEventCreate(&end);
  float ms = -1;
  CHECK(cudaEventElapsedTime(&ms, s.event, end) == cudaErrorInvalidResourceHandle);
  cudaEventRecord(s.event, s.a);
  run(
      "nothing", 100, 128, [] { __syncthreads(); }, s.a);
  cudaEventRecord(end, s.a);
  CHECK(cudaEventElapsedTime(&ms, s.event, end) == cudaErrorNotReady);
  CHECK(cudaEventQuery(end) == cudaErrorNotReady);
  CHECK(cudaEventSynchronize(end) == cudaSuccess);
  CHECK(cudaEventElapsedTime(&ms, s.event, end) == cudaSuccess);
  CHECK(ms > 0);
  CHECK(cudaEventDestroy(end) == cudaSuccess);
  CHECK(cudaEventRecord(reinterpret_cast<cudaEvent_t>(&ms), s.a) == cudaErrorInvalidResourceHandle);
  CHECK(cudaStreamSynchronize(reinterpret_cast<cudaStream_t>(&ms)) == cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST_CASE("emu: host functions run in their stream's order") {
  Streams s;
  OnDevice<float> x(std::vector<float>{1});
  int called = 0;
  cudaLaunchHostFunc(
      s.a, [](void* data) { ++*static_cast<int*>(data); }, &called);
  CHECK(called == 0);
  cudaStreamSynchronize(s.a);
  CHECK(called == 1);
}

TEST_CASE("emu: an error while memory is freed is thrown by the next wait") {
  float* p = nullptr;
  cudaMalloc(&p, 4);
  run("late_failure", 1, 1, [] { sumi::fail("x", "y"); });
  CHECK(cudaFree(p) == cudaErrorLaunchFailure);
  CHECK(has(error_of([] { cudaDeviceSynchronize(); }), "kernel late_failure, block (0,0,0)"));
  CHECK(error_of([] { cudaDeviceSynchronize(); }) == "");
  cudaGetLastError();
}

TEST_CASE("emu: several host threads launch and wait") {
  std::vector<std::vector<int>> got(4);
  std::vector<std::thread> hosts;
  for (int host = 0; host < 4; ++host)
    hosts.emplace_back([host, &got] {
      Streams s;
      OnDevice<int> x(std::vector<int>(64, 0));
      int* p = x.get();
      for (int step = 0; step < 20; ++step)
        run(
            "neighbors", 1, 64,
            [=] {
              const int other = p[(threadIdx.x + 1) % 64];
              __syncthreads();
              p[threadIdx.x] = other + host;
              if (threadIdx.x < 32) __syncwarp();
            },
            step % 2 ? s.a : nullptr);
      cudaDeviceSynchronize();
      got[static_cast<std::size_t>(host)] = x.read();
    });
  for (std::thread& host : hosts) host.join();
  // Without an event the two streams may swap steps, which here changes nothing.
  for (int host = 0; host < 4; ++host)
    CHECK(got[static_cast<std::size_t>(host)] == std::vector<int>(64, 20 * host));
}

TEST_CASE("emu: a chosen thread runs first and stays first") {
  sumi::emu::Schedules orders;
  orders.first_block = 2;
  orders.first_thread = 40;
  const ScheduleScope scope(orders);
  const sumi::emu::VerifyScope once(false);
  OnDevice<int> log(std::vector<int>(1 + 2 * 3 * 64));
  int* p = log.get();
  run("log", 3, 64, [=] {
    p[++p[0]] = static_cast<int>(blockIdx.x * 64 + threadIdx.x);
    __syncthreads();
    p[++p[0]] = static_cast<int>(blockIdx.x * 64 + threadIdx.x);
  });
  const auto got = log.read();
  CHECK(got[1] == 2 * 64 + 40);
  CHECK(got[2] == 2 * 64);
  CHECK(got[65] == 2 * 64 + 40);
  CHECK(got[129] == 40);
}
