// Capture and replay, and the calls that are rejected during a capture.
#include <doctest/doctest.h>

#include <thread>

#include "tests/emu/helpers.h"

using namespace test_emu;
using sumi::emu::Schedule;
using sumi::emu::ScheduleScope;

namespace {

struct Fixture {
  cudaStream_t a, b;
  cudaEvent_t fork, join;
  cudaGraph_t graph = nullptr;
  OnDevice<float> x{std::vector<float>{1, 2, 3, 4}};
  Fixture() {
    cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking);
    cudaEventCreateWithFlags(&fork, cudaEventDisableTiming);
    cudaEventCreateWithFlags(&join, cudaEventDisableTiming);
  }
  ~Fixture() {
    if (graph) cudaGraphDestroy(graph);
    cudaStreamDestroy(a);
    cudaStreamDestroy(b);
    cudaEventDestroy(fork);
    cudaEventDestroy(join);
    cudaGetLastError();
  }
  void begin(cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal) {
    REQUIRE(cudaStreamBeginCapture(a, mode) == cudaSuccess);
  }
  cudaError_t end() { return cudaStreamEndCapture(a, &graph); }
  // Two branches that join again.
  void work() {
    float* p = x.get();
    run(
        "first", 1, 4, [=] { p[threadIdx.x] *= 3; }, a);
    cudaEventRecord(fork, a);
    cudaStreamWaitEvent(b, fork);
    run(
        "left", 1, 1, [=] { p[0] = p[0] / 7 + p[3]; }, a);
    run(
        "right", 1, 1, [=] { p[1] = p[1] * 5 - p[2]; }, b);
    cudaEventRecord(join, b);
    cudaStreamWaitEvent(a, join);
    run(
        "last", 1, 1, [=] { p[2] = p[0] + p[1]; }, a);
    cudaMemsetAsync(p + 3, 0, 4, a);
  }
};

}  // namespace

TEST_CASE("emu graph: replay gives the bits of the eager steps, in every order of branches") {
  Fixture eager;
  for (int step = 0; step < 3; ++step) eager.work();
  const auto want = (cudaDeviceSynchronize(), eager.x.read());
  for (const Schedule& order : {Schedule::ascending(), Schedule::descending(), Schedule::shuffle(4)}) {
    const ScheduleScope scope(order);
    Fixture f;
    const std::size_t before = sumi::emu::launch_count("first");
    f.begin();
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    CHECK(cudaStreamIsCapturing(f.a, &status) == cudaSuccess);
    CHECK(status == cudaStreamCaptureStatusActive);
    f.work();
    REQUIRE(f.end() == cudaSuccess);
    CHECK(cudaStreamIsCapturing(f.b, &status) == cudaSuccess);
    CHECK(status == cudaStreamCaptureStatusNone);
    std::size_t nodes = 0;
    CHECK(cudaGraphGetNodes(f.graph, nullptr, &nodes) == cudaSuccess);
    CHECK(nodes == 5);
    CHECK(sumi::emu::launch_count("first") == before);
    cudaGraphExec_t exec;
    REQUIRE(cudaGraphInstantiate(&exec, f.graph) == cudaSuccess);
    for (int step = 0; step < 3; ++step) CHECK(cudaGraphLaunch(exec, f.a) == cudaSuccess);
    CHECK(sumi::emu::launch_count("first") == before);
    cudaStreamSynchronize(f.a);
    CHECK(sumi::emu::launch_count("first") == before + 3);
    CHECK(f.x.read() == want);
    CHECK(cudaGraphExecDestroy(exec) == cudaSuccess);
    CHECK(cudaGraphLaunch(exec, f.a) == cudaErrorInvalidValue);
  }
}

TEST_CASE("emu graph: what the real runtime refuses spoils the capture") {
  float host = 0, *p = nullptr;
  const auto spoils = [&](cudaError_t want, auto call) {
    Fixture f;
    f.begin();
    CHECK(call(f) == want);
    run(
        "after", 1, 1, [] {}, f.a);
    CHECK(cudaGetLastError() == cudaErrorStreamCaptureInvalidated);
    CHECK(f.end() == cudaErrorStreamCaptureInvalidated);
    CHECK(f.graph == nullptr);
    // Afterwards the stream works again.
    f.work();
    CHECK(cudaStreamSynchronize(f.a) == cudaSuccess);
  };
  const cudaError_t refused = cudaErrorStreamCaptureUnsupported;
  spoils(refused, [&](Fixture&) { return cudaMalloc(&p, 4); });
  spoils(refused, [&](Fixture& f) { return cudaFree(f.x.get()); });
  spoils(refused, [&](Fixture&) { return cudaMallocHost(&p, 4); });
  spoils(refused, [&](Fixture& f) { return cudaStreamSynchronize(f.a); });
  spoils(refused, [&](Fixture& f) { return cudaStreamSynchronize(f.b); });
  spoils(refused, [&](Fixture& f) { return cudaStreamQuery(f.a); });
  spoils(refused, [&](Fixture&) { return cudaDeviceSynchronize(); });
  spoils(refused, [&](Fixture& f) { return cudaEventQuery(f.fork); });
  spoils(refused, [&](Fixture& f) { return cudaMemcpy(&host, f.x.get(), 4, cudaMemcpyDeviceToHost); });
  spoils(refused,
         [&](Fixture& f) { return cudaMemcpyAsync(f.x.get(), &host, 4, cudaMemcpyHostToDevice, f.a); });
  spoils(cudaErrorCapturedEvent, [&](Fixture& f) {
    cudaEventRecord(f.fork, f.a);
    return cudaEventSynchronize(f.fork);
  });
  spoils(cudaErrorStreamCaptureIsolation, [&](Fixture& f) {
    cudaEventRecord(f.fork, f.b);
    return cudaStreamWaitEvent(f.a, f.fork);
  });
}

TEST_CASE("emu graph: streams must be joined, captures matched") {
  Fixture f;
  float* x = f.x.get();
  f.begin();
  cudaEventRecord(f.fork, f.a);
  cudaStreamWaitEvent(f.b, f.fork);
  run(
      "never_joined", 1, 1, [=] { x[0] = 0; }, f.b);
  CHECK(cudaStreamEndCapture(f.b, &f.graph) == cudaErrorStreamCaptureUnmatched);
  CHECK(cudaStreamBeginCapture(f.a, cudaStreamCaptureModeGlobal) == cudaErrorIllegalState);
  CHECK(f.end() == cudaErrorStreamCaptureUnjoined);
  CHECK(f.end() == cudaErrorIllegalState);
  CHECK(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal) == cudaErrorStreamCaptureUnsupported);
  // Two captures cannot merge.
  f.begin();
  REQUIRE(cudaStreamBeginCapture(f.b, cudaStreamCaptureModeGlobal) == cudaSuccess);
  cudaEventRecord(f.fork, f.a);
  CHECK(cudaStreamWaitEvent(f.b, f.fork) == cudaErrorStreamCaptureMerge);
  CHECK(cudaStreamEndCapture(f.b, &f.graph) == cudaErrorStreamCaptureInvalidated);
  CHECK(f.end() == cudaErrorStreamCaptureInvalidated);
  CHECK(cudaStreamWaitEvent(f.b, f.fork) == cudaErrorCapturedEvent);
}

TEST_CASE("emu graph: modes decide what other threads may do") {
  const auto malloc_elsewhere = [](cudaStreamCaptureMode mode) {
    Fixture f;
    f.begin(mode);
    cudaError_t error = cudaSuccess;
    std::thread([&] {
      void* p = nullptr;
      error = cudaMalloc(&p, 16);
      if (error == cudaSuccess) cudaFree(p);
    }).join();
    const cudaError_t end = f.end();
    CHECK(end == (error == cudaSuccess ? cudaSuccess : cudaErrorStreamCaptureInvalidated));
    return error;
  };
  CHECK(malloc_elsewhere(cudaStreamCaptureModeGlobal) == cudaErrorStreamCaptureUnsupported);
  CHECK(malloc_elsewhere(cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  CHECK(malloc_elsewhere(cudaStreamCaptureModeRelaxed) == cudaSuccess);
  Fixture f;
  f.begin();
  std::thread([&] { CHECK(f.end() == cudaErrorStreamCaptureWrongThread); }).join();
  CHECK(f.end() == cudaSuccess);
}

TEST_CASE("emu graph: the default stream beside a capture of a blocking stream") {
  cudaStream_t blocking;
  cudaStreamCreate(&blocking);
  REQUIRE(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed) == cudaSuccess);
  run("implicit", 1, 1, [] {});
  CHECK(cudaGetLastError() == cudaErrorStreamCaptureImplicit);
  cudaGraph_t graph;
  CHECK(cudaStreamEndCapture(blocking, &graph) == cudaErrorStreamCaptureInvalidated);
  cudaStreamDestroy(blocking);
  cudaGetLastError();
}

TEST_CASE("emu graph: a forgotten join inside of a graph shows in one of the orders") {
  std::vector<float> got;
  for (const Schedule& order : {Schedule::ascending(), Schedule::descending()}) {
    const ScheduleScope scope(order);
    Fixture f;
    float* p = f.x.get();
    f.begin();
    cudaEventRecord(f.fork, f.a);
    cudaStreamWaitEvent(f.b, f.fork);
    run(
        "producer", 1, 1, [=] { p[0] = 50; }, f.b);
    run(
        "consumer", 1, 1, [=] { p[1] = p[0]; }, f.a);  // before the join
    cudaEventRecord(f.join, f.b);
    cudaStreamWaitEvent(f.a, f.join);
    REQUIRE(f.end() == cudaSuccess);
    cudaGraphExec_t exec;
    cudaGraphInstantiate(&exec, f.graph);
    cudaGraphLaunch(exec, f.a);
    cudaStreamSynchronize(f.a);
    got.push_back(f.x.read()[1]);
    cudaGraphExecDestroy(exec);
  }
  CHECK(got == std::vector<float>{50, 1});
}
