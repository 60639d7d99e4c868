// Every warp collective and barrier against a plain loop.
#include <doctest/doctest.h>

#include "tests/emu/helpers.h"

using namespace test_emu;

namespace {

constexpr unsigned kAllLanes = 0xFFFFFFFFu;

// out[thread] = f(thread) on one block.
template <class T, class F>
std::vector<T> on_block(int threads, F f) {
  OnDevice<T> out(static_cast<std::size_t>(threads));
  T* p = out.get();
  run("on_block", 1, static_cast<unsigned>(threads),
      [=] { p[threadIdx.x] = f(static_cast<int>(threadIdx.x)); });
  return out.read();
}

}  // namespace

TEST_CASE("emu: indices cover the grid, in every order") {
  for (const auto& order : {sumi::emu::Schedule::ascending(), sumi::emu::Schedule::descending(),
                            sumi::emu::Schedule::shuffle(3)}) {
    const sumi::emu::ScheduleScope scope(order);
    OnDevice<int> out(2 * 3 * 2 * 4 * 3 * 2);
    int* p = out.get();
    run("indices", dim3(2, 3, 2), dim3(4, 3, 2), [=] {
      const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
      const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
      p[block * 24 + thread] = static_cast<int>(block * 24 + thread);
    });
    const std::vector<int> got = out.read();
    for (std::size_t i = 0; i < got.size(); ++i) REQUIRE(got[i] == static_cast<int>(i));
  }
}

TEST_CASE("emu: shuffles") {
  for (int width : {32, 16, 8, 1}) {
    const auto index = on_block<int>(64, [=](int t) { return __shfl_sync(kAllLanes, t * 10, t + 3, width); });
    const auto up = on_block<int>(64, [=](int t) { return __shfl_up_sync(kAllLanes, t * 10, 3, width); });
    const auto down =
        on_block<double>(64, [=](int t) { return __shfl_down_sync(kAllLanes, t * 10.0, 3, width); });
    const auto xored =
        on_block<float>(64, [=](int t) { return __shfl_xor_sync(kAllLanes, t * 10.0f, 5, width); });
    for (int t = 0; t < 64; ++t) {
      CAPTURE(t);
      const int warp = t / 32 * 32, lane = t % 32, begin = lane / width * width;
      CHECK(index[t] == (warp + begin + (t + 3) % width) * 10);
      CHECK(up[t] == (lane - 3 >= begin ? t - 3 : t) * 10);
      CHECK(down[t] == (lane + 3 < begin + width ? t + 3 : t) * 10.0);
      CHECK(xored[t] == ((lane ^ 5) < begin + width ? warp + (lane ^ 5) : t) * 10.0f);
    }
  }
  const auto wide = on_block<unsigned long long>(
      32, [](int t) { return __shfl_sync(kAllLanes, 0x100000000ull * static_cast<unsigned>(t), 7); });
  for (auto w : wide) CHECK(w == 0x700000000ull);
}

TEST_CASE("emu: votes and reductions with masks, in diverged warps") {
  // Odd and even lanes converge separately, in different branches.
  for (const auto& order : {sumi::emu::Schedule::ascending(), sumi::emu::Schedule::descending(),
                            sumi::emu::Schedule::shuffle(9)}) {
    const sumi::emu::ScheduleScope scope(order);
    const auto sum = on_block<int>(32, [](int t) {
      if (t % 2) return __reduce_add_sync(0xAAAAAAAAu, t);
      return __reduce_max_sync(0x55555555u, t - 100) + __reduce_min_sync(0x55555555u, t);
    });
    const auto ballot = on_block<unsigned>(32, [](int t) {
      return t < 16 ? __ballot_sync(0x0000FFFFu, t % 3 == 0) : __ballot_sync(0xFFFF0000u, t % 5 == 0);
    });
    const auto vote = on_block<int>(32, [](int t) {
      return __any_sync(kAllLanes, t == 31) + 2 * __all_sync(kAllLanes, t >= 0) +
             4 * __any_sync(kAllLanes, t > 31) + 8 * __all_sync(kAllLanes, t > 0);
    });
    unsigned low = 0, high = 0;
    for (unsigned t = 0; t < 16; ++t) low |= (t % 3 == 0 ? 1u : 0u) << t;
    for (unsigned t = 16; t < 32; ++t) high |= (t % 5 == 0 ? 1u : 0u) << t;
    for (int t = 0; t < 32; ++t) {
      CHECK(sum[t] == (t % 2 ? 256 : 30 - 100));
      CHECK(ballot[t] == (t < 16 ? low : high));
      CHECK(vote[t] == 3);
    }
  }
}

TEST_CASE("emu: a lane alone, a short warp, lanes that returned") {
  const auto alone = on_block<int>(5, [](int t) {
    return __shfl_sync(1u << t, t * 7, t) + static_cast<int>(__ballot_sync(0x1Fu, t > 2));
  });
  for (int t = 0; t < 5; ++t) CHECK(alone[t] == t * 7 + 0x18);
  const auto live = on_block<unsigned>(40, [](int t) {
    const unsigned mask = t < 32 ? kAllLanes : 0xFFu;
    __syncwarp(mask);
    return __activemask() & ~mask;
  });
  for (unsigned l : live) CHECK(l == 0);
  OnDevice<int> out(32);
  int* p = out.get();
  run("early_return", 1, 32, [=] {
    p[threadIdx.x] = -1;
    if (threadIdx.x >= 20) return;
    p[threadIdx.x] = __reduce_add_sync(0xFFFFFu, 1);
  });
  const auto got = out.read();
  for (int t = 0; t < 32; ++t) CHECK(got[t] == (t < 20 ? 20 : -1));
}

TEST_CASE("emu: barriers that count") {
  const auto got = on_block<int>(70, [](int t) {
    return __syncthreads_count(t % 3 == 0) + 1000 * __syncthreads_or(t == 69) +
           2000 * __syncthreads_and(t >= 0) + 4000 * __syncthreads_or(t < 0) +
           8000 * __syncthreads_and(t > 0);
  });
  for (int g : got) CHECK(g == 24 + 3000);
}

TEST_CASE("emu: a block's sum in shared memory has the same bits in every order") {
  struct Shared {
    float part[8];
  };
  std::vector<float> values(2048);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0f / static_cast<float>(i + 1);
  std::vector<float> first;
  for (const auto& order : {sumi::emu::Schedule::ascending(), sumi::emu::Schedule::descending(),
                            sumi::emu::Schedule::shuffle(1), sumi::emu::Schedule::shuffle(2)}) {
    const sumi::emu::ScheduleScope scope(order);
    const sumi::emu::VerifyScope verify;
    OnDevice<float> in(values), out(8);
    const float* x = in.get();
    float* y = out.get();
    run("block_sum", 8, 256, [=] {
      auto& s = block_shared<Shared>();
      float v = x[blockIdx.x * 256 + threadIdx.x];
      for (int delta = 16; delta > 0; delta /= 2) v += __shfl_xor_sync(kAllLanes, v, delta);
      if (threadIdx.x % 32 == 0) s.part[threadIdx.x / 32] = v;
      __syncthreads();
      if (threadIdx.x == 0) {
        float sum = 0;
        for (float p : s.part) sum += p;
        y[blockIdx.x] = sum;
      }
    });
    const auto got = out.read();
    double want = 0;
    for (std::size_t i = 0; i < 256; ++i) want += values[i];
    CHECK(std::abs(got[0] - want) < 1e-5);
    if (first.empty()) first = got;
    CHECK(got == first);
  }
}

TEST_CASE("emu: atomics") {
  const sumi::emu::ScheduleScope scope(sumi::emu::Schedule::ascending());
  const sumi::emu::VerifyScope once(false);  // the outcome of the exchange depends on the order
  OnDevice<int> sums(std::vector<int>{0, 1000, -1000, 0});
  OnDevice<unsigned> bits(std::vector<unsigned>{0, 0xFFFFFFFFu});
  OnDevice<float> real(std::vector<float>{0.5f});
  int* s = sums.get();
  unsigned* b = bits.get();
  float* r = real.get();
  run("atomics", 3, 64, [=] {
    const int t = static_cast<int>(threadIdx.x + 64 * blockIdx.x);
    atomicAdd(&s[0], t);
    atomicMin(&s[1], t - 5);
    atomicMax(&s[2], t);
    if (atomicCAS(&s[3], 0, t + 1) == 0) atomicAdd(r, 1);
    atomicOr(&b[0], 1u << (t % 32));
    atomicAnd(&b[1], ~(1u << (t % 16)));
  });
  CHECK(sums.read() == std::vector<int>{191 * 96, -5, 191, 1});
  CHECK(bits.read() == std::vector<unsigned>{0xFFFFFFFFu, 0xFFFF0000u});
  CHECK(real.read()[0] == 1.5f);
}

TEST_CASE("emu: asynchronous copies take effect at the wait, group by group") {
  struct Shared {
    float a[64], b[64];
  };
  OnDevice<float> in(std::vector<float>(128, 2.0f)), out(4);
  const float* x = in.get();
  float* y = out.get();
  run("async_groups", 1, 1, [=] {
    auto& s = block_shared<Shared>();
    s.a[0] = s.b[0] = 1.0f;
    sumi::emu::async_copy(s.a, x, 16);
    sumi::emu::async_commit();
    sumi::emu::async_copy(s.b, x + 64, 16);
    sumi::emu::async_commit();
    y[0] = s.a[0];
    sumi::emu::async_wait(1);
    y[1] = s.a[0];
    y[2] = s.b[0];
    sumi::emu::async_wait(0);
    y[3] = s.b[0];
  });
  CHECK(out.read() == std::vector<float>{1, 2, 1, 2});
}

TEST_CASE("emu: bit functions") {
  CHECK(__popc(0xF0F0u) == 8);
  CHECK(__clz(1) == 31);
  CHECK(__clz(0) == 32);
  CHECK(__ffs(0) == 0);
  CHECK(__ffs(8) == 4);
  CHECK(__brev(1u) == 0x80000000u);
  CHECK(__float2int_rn(2.5f) == 2);
  CHECK(__float2int_rn(3.5f) == 4);
  CHECK(__float2int_rn(3e9f) == 2147483647);
  CHECK(__int_as_float(__float_as_int(1.5f)) == 1.5f);
  CHECK(__umulhi(0x80000000u, 6u) == 3u);
  CHECK(__expf(0.0f) == 1.0f);
  CHECK(rsqrtf(4.0f) == 0.5f);
}
