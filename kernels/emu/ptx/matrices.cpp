// ldmatrix and mma.sync ("Warp Level Matrix Instructions"). The layouts are transcribed from the
// manual's formulas for each shape, element by element: groupID = lane >> 2, threadID_in_group =
// lane % 4. kernels/cuda/device/mma.cuh, which the kernels use, is not consulted.
#include <cmath>
#include <cstring>

#include "kernels/emu/block.h"
#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

using U32 = std::uint32_t;

// A row and a column of a matrix.
struct Position {
  int row, column;
};

// m16n8k16 with 16-bit elements: a0..a7, b0..b3.
struct K16 {
  static constexpr int kDepth = 16, kA = 8, kB = 4;
  static Position a(int lane, int i) {
    const int row = i < 2 || (i >= 4 && i < 6) ? lane >> 2 : (lane >> 2) + 8;
    return {row, (lane % 4) * 2 + (i & 1) + (i >= 4 ? 8 : 0)};
  }
  static Position b(int lane, int i) { return {(lane % 4) * 2 + (i & 1) + (i >= 2 ? 8 : 0), lane >> 2}; }
};
// m16n8k8 with 16-bit elements: a0..a3, b0 and b1.
struct K8Of16 {
  static constexpr int kDepth = 8, kA = 4, kB = 2;
  static Position a(int lane, int i) { return {(lane >> 2) + (i >= 2 ? 8 : 0), (lane % 4) * 2 + (i & 1)}; }
  static Position b(int lane, int i) { return {(lane % 4) * 2 + i, lane >> 2}; }
};
// m16n8k8 with tf32: a0..a3, b0 and b1, a register each.
struct K8OfTf32 {
  static constexpr int kDepth = 8, kA = 4, kB = 2;
  static Position a(int lane, int i) {
    return {(lane >> 2) + (i == 1 || i == 3 ? 8 : 0), lane % 4 + (i >= 2 ? 4 : 0)};
  }
  static Position b(int lane, int i) { return {lane % 4 + (i == 1 ? 4 : 0), lane >> 2}; }
};
// m16n8k4 with tf32.
struct K4OfTf32 {
  static constexpr int kDepth = 4, kA = 2, kB = 1;
  static Position a(int lane, int i) { return {(lane >> 2) + 8 * i, lane % 4}; }
  static Position b(int lane, int) { return {lane % 4, lane >> 2}; }
};
// C and D of every shape: c0..c3.
Position result_position(int lane, int i) {
  return {(lane >> 2) + (i >= 2 ? 8 : 0), (lane % 4) * 2 + (i & 1)};
}

// Element i of a lane's registers. Two elements of 16 bits share a register, the lower half first.
template <class T>
double element(const U32* registers, int i) {
  return to_double(T{static_cast<std::uint16_t>(registers[i / 2] >> 16 * (i % 2))});
}
struct Tf32 {};
// 19 bits are read: sign, 8 of exponent, 10 of mantissa.
template <>
double element<Tf32>(const U32* registers, int i) {
  return static_cast<double>(std::bit_cast<float>(registers[i] & 0xFFFFE000u));
}

// Toward zero, like the sums of tensor cores.
float truncated(double value) {
  const auto nearest = static_cast<float>(value);
  return std::abs(static_cast<double>(nearest)) > std::abs(value) ? std::nextafter(nearest, 0.0f) : nearest;
}

// What a lane passes to the others and receives from them.
struct Fragments {
  U32 a[4], b[2];
  float c[4], d[4];
  bool done = false;
};

// The first lane that is asked computes the whole product for all.
template <class Shape, class T>
std::uint64_t multiply(const Lanes& lanes, int) {
  const auto of = [&](int lane) { return reinterpret_cast<Fragments*>(lanes.value[lane]); };
  if (of(0)->done) return 0;
  double a[16][Shape::kDepth], b[Shape::kDepth][8];
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < Shape::kA; ++i) {
      const Position p = Shape::a(lane, i);
      a[p.row][p.column] = element<T>(of(lane)->a, i);
    }
    for (int i = 0; i < Shape::kB; ++i) {
      const Position p = Shape::b(lane, i);
      b[p.row][p.column] = element<T>(of(lane)->b, i);
    }
  }
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) {
      const Position p = result_position(lane, i);
      double sum = static_cast<double>(of(lane)->c[i]);
      for (int k = 0; k < Shape::kDepth; ++k) sum += a[p.row][k] * b[k][p.column];
      of(lane)->d[i] = truncated(sum);
    }
  of(0)->done = true;
  return 0;
}

template <class Shape, class T>
void mma(Thread& t, const Instruction& i) {
  constexpr int kPerRegister = std::is_same_v<T, Tf32> ? 1 : 2;
  constexpr int a = Shape::kA / kPerRegister, b = Shape::kB / kPerRegister;
  Fragments own{};
  const std::uint32_t* at = i.at + 4;
  for (int n = 0; n < a; ++n) own.a[n] = t.get<U32>(*at++);
  for (int n = 0; n < b; ++n) own.b[n] = t.get<U32>(*at++);
  for (float& c : own.c) c = t.get<float>(*at++);
  warp_collective(i.name->c_str(), multiply<Shape, T>, 0xFFFFFFFFu, reinterpret_cast<std::uint64_t>(&own), 0,
                  {t.entry().module->path.c_str(), i.line});
  for (int n = 0; n < 4; ++n) t.put<float>(i.at[n], own.d[n]);
}

// Lane i passes the address of row i % 8 of matrix i / 8. Without trans a lane receives elements
// 2 (lane % 4) and the next of row lane / 4; with it, those rows of column lane / 4.
struct Rows {
  const std::byte* row;
  U32 matrix[4];
};

template <bool transpose, int count>
std::uint64_t distribute(const Lanes& lanes, int lane) {
  const auto of = [&](int other) { return reinterpret_cast<Rows*>(lanes.value[other]); };
  for (int m = 0; m < count; ++m) {
    U32 both = 0;
    for (int half = 0; half < 2; ++half) {
      const int along = 2 * (lane % 4) + half, across = lane / 4;
      std::uint16_t bits;
      std::memcpy(&bits, of(8 * m + (transpose ? along : across))->row + 2 * (transpose ? across : along), 2);
      both |= U32{bits} << 16 * half;
    }
    of(lane)->matrix[m] = both;
  }
  return 0;
}

template <bool transpose, int count>
void load_matrices(Thread& t, const Instruction& i) {
  Rows own{};
  if (t.lane() < 8 * count) own.row = t.memory(i, Space::shared, t.address(i, count), 16, false);
  warp_collective(i.name->c_str(), distribute<transpose, count>, 0xFFFFFFFFu,
                  reinterpret_cast<std::uint64_t>(&own), 0, {t.entry().module->path.c_str(), i.line});
  for (int n = 0; n < count; ++n) t.put<U32>(i.at[n], own.matrix[n]);
}

}  // namespace

void add_matrix_forms(Forms& forms) {
  const auto add_mma = [&](const std::string& shape, const std::string& type, const char* operands,
                           Step step) {
    forms.add("mma.sync.aligned." + shape + ".row.col.f32." + type + "." + type + ".f32", operands, step);
  };
  add_mma("m16n8k16", "bf16", "4d4s2s4s", mma<K16, Bf16>);
  add_mma("m16n8k16", "f16", "4d4s2s4s", mma<K16, F16>);
  add_mma("m16n8k8", "bf16", "4d2s1s4s", mma<K8Of16, Bf16>);
  add_mma("m16n8k8", "f16", "4d2s1s4s", mma<K8Of16, F16>);
  add_mma("m16n8k8", "tf32", "4d4s2s4s", mma<K8OfTf32, Tf32>);
  add_mma("m16n8k4", "tf32", "4d2s1s4s", mma<K4OfTf32, Tf32>);
  const auto add_load = [&]<bool transpose, int count>(const std::string& suffix) {
    for (const char* shared : {".shared", ".shared::cta"})
      forms.add("ldmatrix.sync.aligned.m8n8" + suffix + shared + ".b16",
                (std::to_string(count) + "dm").c_str(), load_matrices<transpose, count>);
  };
  add_load.operator()<false, 1>(".x1");
  add_load.operator()<false, 2>(".x2");
  add_load.operator()<false, 4>(".x4");
  add_load.operator()<true, 1>(".x1.trans");
  add_load.operator()<true, 2>(".x2.trans");
  add_load.operator()<true, 4>(".x4.trans");
}

}  // namespace sumi::emu::ptx
