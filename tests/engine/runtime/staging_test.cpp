// Staging: uploaded data arrives, whatever work is still queued. On the emulated device streams run
// as late as allowed and in several orders, so a missing wait changes the values.
#include "engine/runtime/staging.h"

#include <numeric>

#include "tests/engine/gradcheck.h"
#ifndef SUMI_CUDA
#include "kernels/emu/emu.h"
#endif

namespace sumi {
namespace {

using gradcheck::tested;
using Floats = std::vector<float>;

// Runs f with several stream schedules, if they can be chosen.
template <class F>
void in_every_order(F&& f) {
#ifndef SUMI_CUDA
  for (const emu::Schedule& order :
       {emu::Schedule::ascending(), emu::Schedule::descending(), emu::Schedule::shuffle(1),
        emu::Schedule::shuffle(2), emu::Schedule::shuffle(3)}) {
    const emu::ScheduleScope scope(order);
    f();
  }
#else
  f();
#endif
}

// Small integers, which bf16 can represent; different for each upload.
Floats values_of(int upload, const Shape& shape) {
  Floats v(static_cast<std::size_t>(shape.count()));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<float>((i + 31 * static_cast<std::size_t>(upload)) % 101);
  return v;
}

Floats doubled(Floats v) {
  for (float& x : v) x *= 2;
  return v;
}

TEST_CASE("staging: ten uploads of changing sizes, while work on earlier ones is queued") {
  for (const DType dtype : {DType::f32, DType::bf16})
    for (const int depth : {1, 2, 3})
      in_every_order([&] {
        Staging staging(tested, depth);
        std::vector<Tensor> kept, results;
        std::vector<Floats> kept_values, wanted;
        for (int i = 0; i < 10; ++i) {
          const Shape shape{1 + i % 3, 4 + 3 * (i % 4), 5, 3};
          const Floats v = values_of(i, shape);
          Floats source = v;
          const Tensor x = staging.upload(source, shape, dtype);
          source.assign(source.size(), -7);  // is the caller's again
          CHECK(x.shape() == shape);
          CHECK(x.dtype() == dtype);
          CHECK(x.device() == tested);
          results.push_back(affine(x, 2));
          wanted.push_back(doubled(v));
          if (i % 4 == 1) kept.push_back(x), kept_values.push_back(v);
        }
        for (std::size_t i = 0; i < results.size(); ++i) CHECK(results[i].to_vector<float>() == wanted[i]);
        for (std::size_t i = 0; i < kept.size(); ++i) CHECK(kept[i].to_vector<float>() == kept_values[i]);
      });
}

TEST_CASE("staging: a block that the pool hands out again is written after its last use") {
  in_every_order([] {
    const Shape shape{2, 8, 8, 3};
    const void* block = nullptr;
    Tensor result;
    {
      const Tensor x = Tensor::from(values_of(1, shape), shape, DType::f32, tested);
      block = x.view().data;
      result = affine(x, 2);
    }
    Staging staging(tested);
    const Tensor y = staging.upload(values_of(2, shape), shape, DType::f32);
    CHECK(y.view().data == block);
    CHECK(result.to_vector<float>() == doubled(values_of(1, shape)));
    CHECK(y.to_vector<float>() == values_of(2, shape));
  });
}

TEST_CASE("staging: a buffer that a tensor still sees is left to it") {
  in_every_order([] {
    const Shape shape{1, 6, 6, 3};
    Staging staging(tested, 1);
    const Tensor first = staging.upload(values_of(1, shape), shape, DType::f32);
    const Tensor half = staging.upload(values_of(2, shape), shape, DType::f32).flat_slice(0, {1, 3, 6, 3});
    const Tensor third = staging.upload(values_of(3, shape), shape, DType::f32);
    CHECK(first.to_vector<float>() == values_of(1, shape));
    Floats want = values_of(2, shape);
    want.resize(want.size() / 2);
    CHECK(half.to_vector<float>() == want);
    CHECK(third.to_vector<float>() == values_of(3, shape));
  });
}

TEST_CASE("staging: the ring takes no new memory while sizes stay") {
  const Shape shape{2, 7, 9, 3};
  Staging staging(tested, 2);
  const auto step = [&](int i) {
    const Floats v = values_of(i, shape);
    const Tensor x = staging.upload(v, shape, DType::f32);
    CHECK(sum(x).item() == std::accumulate(v.begin(), v.end(), 0.0));
  };
  for (int i = 0; i < 4; ++i) step(i);
  const PoolStats before = Pool::of(tested).stats();
  for (int i = 4; i < 20; ++i) step(i);
  CHECK(Pool::of(tested).stats().allocations == before.allocations);
  CHECK(Pool::of(tested).stats().in_use == before.in_use);
}

#ifndef SUMI_CUDA
TEST_CASE("staging: a copy waits for the work on its buffer's old contents and for no later work") {
  if (tested.on_host()) return;
  const Shape shape{1, 4, 4, 1};
  Staging staging(tested, 2);
  for (int i = 0; i < 2; ++i) staging.upload(values_of(9, shape), shape, DType::f32).to_vector<float>();
  const std::size_t before = emu::launch_count("affine");
  std::vector<Tensor> results;
  // One upload and one kernel a step. Upload 2 takes the buffer of step 0; upload 4 refills its
  // pinned memory, so that the host waits for its copy: for the kernel of step 0, not for those of
  // steps 1 to 3.
  for (int i = 0; i < 4; ++i)
    results.push_back(affine(staging.upload(values_of(i, shape), shape, DType::f32), 2));
  CHECK(emu::launch_count("affine") == before);
  results.push_back(affine(staging.upload(values_of(4, shape), shape, DType::f32), 2));
  CHECK(emu::launch_count("affine") == before + 1);
  for (int i = 0; i < 5; ++i)
    CHECK(results[static_cast<std::size_t>(i)].to_vector<float>() == doubled(values_of(i, shape)));
}
#endif

TEST_CASE("staging: errors") {
  CHECK(gradcheck::error_of([] { Staging(tested, 0); }) ==
        "[staging] a ring of 0 buffers; it needs one or more");
  Staging staging(tested);
  CHECK(gradcheck::error_of([&] {
          staging.upload({1, 2, 3}, {1, 1, 1, 4}, DType::f32);
        }).ends_with("] 3 values do not fill 1x1x1x4"));
  if (!tested.on_host())
    CHECK(gradcheck::error_of([&] {
            staging.upload({1, 2, 3}, {1, 1, 1, 3}, DType::f64);
          }) == "[staging] f64 exists on the reference device only (--device ref)");
}

}  // namespace
}  // namespace sumi
