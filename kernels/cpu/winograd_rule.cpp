// Which convolutions Winograd's algorithm computes, and which of them faster than the alternatives.
#include "kernels/cpu/winograd.h"

namespace sumi::kernels::cpu {

bool winograd_knows(const ConvGeom& g) {
  const auto& o = g.o;
  if (g.r != g.s || o.dilation != 1 || o.groups != 1) return false;
  return o.stride == 1 ? g.r == 3 || g.r == 4 || g.r == 7 : o.stride == 2 && (g.r == 3 || g.r == 4);
}

// Estimated nanoseconds of both algorithms, from their products and the values that the transforms
// write. The rates are fitted to milliseconds of one thread (2026-11-22, AMD EPYC with AVX2, idle):
//                                      fprop             dgrad             wgrad
//                              direct here     direct here     direct here
// n16  4x4s2   32x32  64-128     18.8  10.1      15.0  12.1     19.4  10.9
// n16  4x4s2   16x16 128-256     18.5  10.3      18.5  11.3     19.3  11.6
// n16  4x4s2     8x8 256-512     17.1  20.1      18.7  19.4     18.7  27.8
// n64  4x4s2     8x8 256-512     82.1  40.0      85.9  42.4     74.2  43.0
// n1   4x4s2   64x64  64-128      4.1   2.7       4.2   3.2      4.7   3.2
// n1   4x4s2   32x32 128-256      4.2   4.7       4.8   4.3      4.4   6.3
// n1   3x3s2 128x128  64-128     10.2   9.4      10.8  11.3     10.7  10.4
// n1   4x4     16x16 256-512     15.3   9.8      20.3  11.9     12.9  11.8
// n1   3x3     66x66 256-256     65.8  20.9      67.4  31.1     82.9  26.7
// n8   3x3       8x8 256-256      8.3   4.3       9.7   4.8     10.4   6.5
// n1   7x7   262x262  64- 32      189   132       218   106      277   148
bool prefers_winograd(Direction d, const ConvGeom& g) {
  if (!winograd_knows(g) || g.c < 16 || g.k < 16) return false;
  const bool strided = g.o.stride == 2;
  const i64 tile = strided || g.r == 3 ? 4 : 3, points = strided ? 25 : 36;
  const i64 sets = strided || g.r == 7 ? 4 : 1;
  // the sets are adjacent in the output
  const bool by_phase = strided && d == Direction::dgrad;
  const i64 rows = by_phase ? g.h / 2 : d == Direction::dgrad ? g.h : g.p;
  const i64 cols = by_phase ? g.w / 2 : d == Direction::dgrad ? g.w : g.q;
  const auto tiles = static_cast<double>(g.n * ceil_div(rows, tile) * ceil_div(cols, tile));
  const auto c = static_cast<double>(g.c), k = static_cast<double>(g.k),
             all = static_cast<double>(points * sets);
  const double filters = all * c * k, products = tiles * filters;
  const double pixels = d == Direction::dgrad ? tiles * (all * k + (by_phase ? all : points) * c)
                                              : tiles * (all * c + static_cast<double>(points) * k);
  const double written = pixels * 0.8 + filters * (d == Direction::wgrad ? 1.5 : 0.95);
  return products / 32 + written < static_cast<double>(g.macs()) / 33;
}

}  // namespace sumi::kernels::cpu
