// Loops of the CPU backend: instruction sets, threads, and temporary memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/base/dispatch.h"
#include "kernels/base/exec.h"
#include "kernels/isa.h"
#include "kernels/thread_pool.h"

namespace sumi::kernels::cpu {

using i64 = std::int64_t;

// Below this number of elements a parallel region costs more than it gains.
constexpr i64 parallel_threshold = 32768;

constexpr i64 ceil_div(i64 a, i64 b) {
  return (a + b - 1) / b;
}

#if defined(__x86_64__) && defined(__GNUC__)
inline bool has_avx2() {
  return cpu_isa() >= Isa::avx2;
}
// The body is copied, so that the compiler knows that values captured by copy do not change under
// the loop's stores. `flatten` inlines the body here, so that it is compiled a second time for
// AVX2. Products and sums are never contracted (-ffp-contract=off), so both versions give the same
// bits.
template <class Body>
__attribute__((target("avx2,fma"), flatten)) void run_avx2(const Body& body, i64 begin, i64 end) {
  const Body mine = body;
  mine(begin, end);
}
template <class Body>
void run_span(const Body& body, i64 begin, i64 end) {
  if (has_avx2()) {
    run_avx2(body, begin, end);
  } else {
    body(begin, end);
  }
}
#else
inline bool has_avx2() {
  return false;
}
template <class Body>
void run_span(const Body& body, i64 begin, i64 end) {
  body(begin, end);
}
#endif

// Calls body(begin, end) for a partition of [0, count) into ranges. The result must not depend on
// the partition. `cost`: roughly the number of elements per index. The body must not throw.
template <class Body>
void for_range(i64 count, i64 cost, const Body& body) {
  const i64 threads = num_threads();
  if (count < 2 || count * cost < parallel_threshold || threads == 1) {
    run_span(body, 0, count);
    return;
  }
  // A few ranges per thread where each is still worth a task, so that a thread that starts late
  // finds its share halved by others.
  const i64 each = std::clamp<i64>(count * cost / (threads * 4 * parallel_threshold), 1, 4);
  const i64 ranges = std::min(count, threads * each);
  parallel_for(ranges, [=, &body](i64 i, int) {
    const i64 begin = count * i / ranges, end = count * (i + 1) / ranges;
    if (begin < end) run_span(body, begin, end);
  });
}

// The Exec's scratch memory split into aligned pieces: add() all sizes, then get().
class Workspace {
 public:
  explicit Workspace(const Exec& e) : scratch_(e.scratch ? e.scratch : &own_) {}
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { scratch_->end_use(); }

  // Returns the piece's handle for at().
  template <class T>
  std::size_t add(i64 count) {
    const std::size_t at = bytes_;
    bytes_ += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return at;
  }
  void allocate() { base_ = static_cast<char*>(scratch_->get(std::max<std::size_t>(bytes_, 64))); }
  template <class T>
  T* at(std::size_t piece) const {
    return reinterpret_cast<T*>(base_ + piece);
  }

 private:
  Scratch own_;
  Scratch* scratch_;
  std::size_t bytes_ = 0;
  char* base_ = nullptr;
};

// to = value, rounded. A function, because g++ does not vectorize loops that copy bf16 objects.
inline void put(float value, float& to) {
  to = value;
}
inline void put(float value, bf16& to) {
  to.bits = bf16::round(value);
}

// Converts elements of any supported type to and from f32.
inline void load_f32(const char* where, View x, float* y) {
  dispatch_f32_bf16(where, x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    for_range(x.count(), 1, [=](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i) y[i] = static_cast<float>(from[i]);
    });
  });
}
inline void store_f32(const char* where, const float* x, MutView y) {
  dispatch_f32_bf16(where, y.dtype, [&]<class T>() {
    T* to = y.as<T>();
    for_range(y.count(), 1, [=](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i) put(x[i], to[i]);
    });
  });
}

}  // namespace sumi::kernels::cpu
