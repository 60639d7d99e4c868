// CUDA devices in the engine: which are accepted, out of memory, copies between two devices.
#include <cuda_runtime.h>

#include "engine/runtime/memory.h"
#include "kernels/base/launch.h"
#include "tests/engine/gradcheck.h"
#ifndef SUMI_CUDA
#include "kernels/emu/emu.h"
#include "kernels/emu/runtime.h"
#endif

namespace sumi {
namespace {

TEST_CASE("cuda devices: below compute capability 8.0 the error names the GPU and the cure") {
  CHECK(gradcheck::error_of([] { check_compute_capability("Tesla T4", 7, 5); }) ==
        "[device] Tesla T4 has compute capability 7.5, and sumi needs 8.0 or newer (A100, RTX 30 and later); "
        "use "
        "--device cpu");
  for (const auto& [major, minor] : {std::pair{8, 0}, {8, 9}, {9, 0}, {12, 0}})
    CHECK(gradcheck::error_of([&] { check_compute_capability("G", major, minor); }) == "");
}

TEST_CASE("cuda devices: a kernel's parameters are counted with their alignment") {
  struct Large {
    double of[512];
  };
  static_assert(kernels::parameter_bytes<>() == 0);
  static_assert(kernels::parameter_bytes<char, double, char>() == 17);
  static_assert(kernels::parameter_bytes<Large>() == kernels::kMostParameterBytes);
  static_assert(kernels::parameter_bytes<Large, char>() > kernels::kMostParameterBytes);
}

#ifndef SUMI_CUDA

TEST_CASE("cuda devices: the cure fits the error of a launch") {
  const auto said = [](cudaError_t error) {
    emu::report(error);
    return gradcheck::error_of([] { kernels::check_launch("relu"); });
  };
  CHECK(test::has(said(cudaErrorNoKernelImageForDevice), "-DCMAKE_CUDA_ARCHITECTURES=native"));
  CHECK(test::has(said(cudaErrorUnsupportedPtxVersion), "the NVIDIA driver is older"));
  CHECK(test::has(said(cudaErrorIllegalAddress), "go on from the last checkpoint"));
  CHECK(said(cudaSuccess) == "");
}

const Device emulated{Device::Kind::cuda, 0};
constexpr std::size_t kMegabyte = std::size_t{1} << 20;

// In a process whose device has 64 MiB, of which the device's pool holds 40 in free blocks.
TEST_CASE("cuda devices child: full of free blocks" * doctest::skip()) {
  const std::string error = gradcheck::error_of([] {
    Pool::of(emulated).allocate(40 * kMegabyte).reset();
    std::printf("held %zu\n", Pool::of(emulated).stats().held / kMegabyte);
    const auto pool = Pool::make_private(emulated);  // as a captured step's
    const Pool::Use use(*pool);
    pool->allocate(30 * kMegabyte).reset();
    std::printf("private %zu\n", Pool::of(emulated).stats().held / kMegabyte);
    exec_on(emulated).scratch->get(40 * kMegabyte);
    std::printf("scratch\n");
    exec_on(emulated).scratch->get(100 * kMegabyte);
  });
  std::printf("%s\n", error.c_str());
}

TEST_CASE("cuda devices: out of memory, what the device's pool does not use is given back first") {
  const std::string text = test::output_of_case("cuda devices child: full of free blocks",
                                                "SUMI_EMU_MEMORY_MB=64 SUMI_TEST_DEVICE=emu");
  CAPTURE(text);
  CHECK(
      test::has(text, "held 40\nprivate 30\nscratch\n[memory] out of memory on cuda:0: asked for 100.0 MiB"));
  CHECK(test::has(text, "lower --batch-size"));
}

// The copy reads a block of the first device. If the block is freed there and reused by the pool,
// the next write must not overtake the copy, and the copy must not overtake earlier writes.
TEST_CASE("cuda devices: a copy between two keeps the order of both streams") {
  const emu::DevicesScope two(2);
  const Device other{Device::Kind::cuda, 1};
  const Shape shape{1, 1, 1, 1000};
  for (const emu::Schedule& order :
       {emu::Schedule::ascending(), emu::Schedule::descending(), emu::Schedule::shuffle(3)}) {
    const emu::ScheduleScope scope(order);
    const Tensor source = Tensor::full(shape, 1, DType::f32, emulated),
                 target = Tensor::full(shape, 0, DType::f32, other);
    copy_bytes(other, target.mutable_view().data, emulated, source.view().data,
               static_cast<std::size_t>(4 * shape.count()));
    source.assign(Tensor::full(shape, 2, DType::f32, emulated));
    CHECK(source.to_vector<float>() == std::vector<float>(1000, 2));
    CHECK(target.to_vector<float>() == std::vector<float>(1000, 1));
  }
}
#endif

}  // namespace
}  // namespace sumi
