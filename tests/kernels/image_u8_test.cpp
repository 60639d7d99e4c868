// 8-bit images to values and back: values by hand, crops and mirroring against a plain copy,
// agreement with resize, and every backend against the reference.
#include "kernels/image_u8.h"

#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/base/launch.h"
#include "kernels/resize.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

using Numbers = std::vector<double>;
using Levels = std::vector<std::uint8_t>;

// Elements of a device between two guard zones, as Buffer has them, of any plain type.
template <class T>
class Memory {
 public:
  Memory(Device device, std::vector<T> values) : device_(device), bytes_(values.size() * sizeof(T)) {
    if (device.on_host())
      data_ = static_cast<std::uint8_t*>(::operator new (bytes_ + 2 * zone, std::align_val_t{64}));
    else
      SUMI_CUDA_CALL(cudaMalloc(reinterpret_cast<void**>(&data_), bytes_ + 2 * zone));
    Levels all(bytes_ + 2 * zone, guard);
    if (bytes_ > 0) std::memcpy(all.data() + zone, values.data(), bytes_);
    copy(data_, all.data(), all.size());
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    if (device_.on_host())
      ::operator delete (data_, std::align_val_t{64});
    else
      (void)cudaFree(data_);
  }
  T* data() const { return reinterpret_cast<T*>(data_ + zone); }
  // The elements; fails the test where a zone was written.
  std::vector<T> get() const {
    Levels all(bytes_ + 2 * zone);
    copy(all.data(), data_, all.size());
    for (std::size_t i = 0; i < zone; ++i) CHECK((all[i] == guard && all[zone + bytes_ + i] == guard));
    std::vector<T> values(bytes_ / sizeof(T));
    if (bytes_ > 0) std::memcpy(values.data(), all.data() + zone, bytes_);
    return values;
  }

 private:
  static constexpr std::size_t zone = 256;
  static constexpr std::uint8_t guard = 0xAB;
  void copy(void* to, const void* from, std::size_t size) const {
    if (device_.on_host()) {
      std::memcpy(to, from, size);
    } else {
      SUMI_CUDA_CALL(cudaDeviceSynchronize());
      SUMI_CUDA_CALL(cudaMemcpy(to, from, size, cudaMemcpyDefault));
      SUMI_CUDA_CALL(cudaDeviceSynchronize());
    }
  }

  Device device_;
  std::size_t bytes_;
  std::uint8_t* data_ = nullptr;
};

Levels levels(std::int64_t count, std::uint64_t seed) {
  Dice dice(seed);
  Levels x(static_cast<std::size_t>(count));
  for (std::uint8_t& v : x) v = static_cast<std::uint8_t>(dice.next());
  return x;
}

// u8_to_float on one device; `cuts` empty: none.
Numbers loaded(Device device, DType dtype, const Shape& s, const Levels& x, const std::vector<Crop>& cuts,
               const Shape& t) {
  Bench b(device);
  Memory<std::uint8_t> from(device, x);
  Memory<Crop> parts(device, cuts);
  Buffer y(t, dtype, device);
  Cuts view;
  if (!cuts.empty()) view = {parts.data(), static_cast<std::int64_t>(cuts.size()), device};
  u8_to_float(b.exec, {from.data(), s, device}, view, y);
  CHECK(y.overrun().empty());
  CHECK(from.get() == x);
  return y.get();
}
Levels stored(Device device, DType dtype, const Shape& s, const Numbers& x) {
  Bench b(device);
  Buffer from(s, dtype, device, x);
  Memory<std::uint8_t> to(device, Levels(static_cast<std::size_t>(s.count()), 77));
  float_to_u8(b.exec, from, {to.data(), s, device});
  return to.get();
}

}  // namespace

TEST_CASE("u8_to_float: every level, the same bits as the loader's formula") {
  Levels x(256);
  Numbers want(256);
  for (int i = 0; i < 256; ++i) {
    x[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i);
    want[static_cast<std::size_t>(i)] = static_cast<double>(static_cast<float>(i / 127.5 - 1));
  }
  const Shape s{1, 16, 16, 1};
  for (Device device : every_device()) {
    expect_close(device.str(), loaded(device, DType::f32, s, x, {}, s), want, exactly);
    expect_close(device.str(), loaded(device, DType::bf16, s, x, {}, s), rounded(want, DType::bf16), exactly);
  }
}

TEST_CASE("u8_to_float: cuts and mirrors of the wanted size are copies") {
  const Shape s{3, 7, 9, 3}, t{3, 4, 5, 3};
  const std::vector<Crop> cuts = {{0, 0, 4, 5, 0}, {3, 4, 4, 5, 1}, {2, 1, 4, 5, 1}};
  const Levels x = levels(s.count(), 1);
  Numbers want;
  for (std::int64_t n = 0; n < t.n; ++n)
    for (std::int64_t h = 0; h < t.h; ++h)
      for (std::int64_t w = 0; w < t.w; ++w)
        for (std::int64_t c = 0; c < t.c; ++c) {
          const Crop& cut = cuts[static_cast<std::size_t>(n)];
          const std::int64_t column = cut.left + (cut.flip ? t.w - 1 - w : w);
          const auto level = x[static_cast<std::size_t>(((n * s.h + cut.top + h) * s.w + column) * s.c + c)];
          want.push_back(static_cast<double>(static_cast<float>(level / 127.5 - 1)));
        }
  for (Device device : every_device())
    expect_close(device.str(), loaded(device, DType::f32, s, x, cuts, t), want, exactly);
}

TEST_CASE("u8_to_float: resizes as resize does") {
  const Shape s{2, 6, 8, 3}, t{2, 9, 5, 3};
  const Levels x = levels(s.count(), 2);
  Numbers values(x.begin(), x.end());
  for (double& v : values) v = (2 * v - 255) / 255;
  Bench b(ref);
  Buffer from(s, DType::f64, ref, values), to(t, DType::f64, ref);
  resize(b.exec, {ResizeMode::bilinear, ResizeCoords::half_pixel}, from, to);
  expect_close("resize", loaded(ref, DType::f64, s, x, {}, t), to.get(), rounding(DType::f64));
}

TEST_CASE("u8_to_float: backends against the reference; cuts that reach outside read the edge") {
  struct Case {
    Shape x, y;
    std::vector<Crop> cuts;
  };
  const Case all[] = {
      {{1, 1, 1, 1}, {1, 3, 2, 1}, {}},
      {{2, 7, 9, 3}, {2, 14, 6, 3}, {{1, 2, 5, 6, 1}, {0, 0, 7, 9, 0}}},
      {{2, 16, 17, 4}, {2, 5, 33, 4}, {{3, 3, 10, 9, 0}, {0, 1, 1, 1, 1}}},
      {{3, 5, 6, 3}, {3, 8, 8, 3}, {{-2, -3, 8, 8, 0}, {3, 4, 9, 5, 1}, {100, -100, 0, -5, 1}}},
  };
  for (const Case& c : all)
    for (DType t : {DType::f32, DType::bf16}) {
      const Levels x = levels(c.x.count(), 3);
      const Numbers want = loaded(ref, DType::f64, c.x, x, c.cuts, c.y);
      for (Device device : every_device())
        expect_close(c.y.str() + " on " + device.str(), loaded(device, t, c.x, x, c.cuts, c.y), want,
                     rounding(t));
    }
  const Numbers edge = loaded(ref, DType::f64, {1, 1, 2, 1}, {0, 255}, {{-1, -1, 1, 4, 0}}, {1, 1, 4, 1});
  CHECK(edge == Numbers{-1, -1, 1, 1});
}

TEST_CASE("float_to_u8: the nearest level, clamped; NaN is black; load undoes it") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const Shape s{1, 2, 4, 1};
  Levels all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  Dice dice(9);
  Numbers near_levels;
  for (int i = 0; i < 256; ++i) near_levels.push_back((i + 0.96 * (dice.unit() - 0.5)) / 127.5 - 1);
  for (Device device : every_device()) {
    CAPTURE(device.str());
    for (DType t : {DType::f32, DType::bf16})
      CHECK(stored(device, t, s, {-1, 1, 0, -3, 3, nan, inf, -inf}) ==
            Levels{0, 255, 128, 0, 255, 0, 255, 0});
    CHECK(stored(device, DType::f32, {1, 1, 256, 1}, near_levels) == all);
    CHECK(stored(device, DType::f32, {4, 8, 8, 1},
                 loaded(device, DType::f32, {4, 8, 8, 1}, all, {}, {4, 8, 8, 1})) == all);
  }
  // Halves between two levels, and numbers next to them, by the C library's rounding of the same
  // arithmetic.
  Numbers between;
  Levels nearest;
  for (int i = 0; i < 2048; ++i) {
    const float half = static_cast<float>((i % 256 + 0.5) / 127.5 - 1);
    const float x = i < 256 ? half : std::nextafter(half, i % 2 == 0 ? -2.0F : 2.0F) + 1e-8F * float(i - 256);
    between.push_back(x);
    nearest.push_back(static_cast<std::uint8_t>(std::lround((std::min(x, 1.0F) + 1.0F) * 127.5F)));
  }
  CHECK(stored(cpu, DType::f32, Shape::vector(2048), between) == nearest);
}

TEST_CASE("images: errors") {
  Bench b(cpu);
  const Levels x = levels(12, 1);
  const std::vector<Crop> cuts(2);
  Buffer y({1, 2, 2, 3}, DType::f32, cpu), other({1, 2, 2, 1}, DType::f32, cpu);
  const Bytes from{x.data(), {1, 2, 2, 3}, cpu};
  CHECK(error_of([&] {
          u8_to_float(b.exec, {x.data(), {1, 2, 2, 3}, ref}, {}, y);
        }).find("live on ref") != std::string::npos);
  CHECK(error_of([&] { u8_to_float(b.exec, from, {}, other); }).find("1x2x2x1") != std::string::npos);
  CHECK(error_of([&] {
          u8_to_float(b.exec, from, {cuts.data(), 2, cpu}, y);
        }).find("2 cuts") != std::string::npos);
  CHECK(error_of([&] {
          float_to_u8(b.exec, y, MutBytes{nullptr, {1, 2, 2, 1}, cpu});
        }).find("[float_to_u8]") != std::string::npos);
}

}  // namespace sumi::test
