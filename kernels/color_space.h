// Color space conversions of one pixel and their derivatives, for every backend. T is double or
// float.
//
//   RGB  sRGB in [-1, 1] (IEC 61966-2-1). Outside that range the curve continues: a line below, a
//        power above.
//   Lab  CIE L*a*b* of 1976 (CIE 15) under sRGB's D65 (the white point is RGB white, so grays have
//        a = b = 0), scaled as colorization networks use it: L* / 50 - 1, a* / 110, b* / 110.
//   YUV  full range: Y = 0.299 R + 0.587 G + 0.114 B of R, G, B in [0, 1] (ITU-R BT.601),
//        U = 0.492111 (B - Y), V = 0.877283 (R - Y) (SMPTE 170M), not shifted: as TensorFlow's
//        rgb_to_yuv.
#pragma once

#include <cmath>

#include "kernels/base/host_device.h"

namespace sumi::color {

template <class T>
struct Triple {
  T v[3];
};
template <class T>
struct Matrix {
  T m[3][3];
};

template <class T>
SUMI_HOST_DEVICE constexpr Triple<T> times(const Matrix<T>& a, const Triple<T>& x) {
  Triple<T> y{};
  for (int i = 0; i < 3; ++i) y.v[i] = a.m[i][0] * x.v[0] + a.m[i][1] * x.v[1] + a.m[i][2] * x.v[2];
  return y;
}
template <class T>
SUMI_HOST_DEVICE constexpr Matrix<T> transposed(const Matrix<T>& a) {
  Matrix<T> b{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) b.m[i][j] = a.m[j][i];
  return b;
}
// The inverse of a matrix, by cofactors.
SUMI_HOST_DEVICE constexpr Matrix<double> inverse(const Matrix<double>& a) {
  Matrix<double> b{};
  double determinant = 0;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      const int r = (j + 1) % 3, s = (j + 2) % 3, p = (i + 1) % 3, q = (i + 2) % 3;
      b.m[i][j] = a.m[r][p] * a.m[s][q] - a.m[r][q] * a.m[s][p];
      if (i == 0) determinant += a.m[j][0] * b.m[0][j];
    }
  for (auto& row : b.m)
    for (double& x : row) x /= determinant;
  return b;
}
template <class T>
SUMI_HOST_DEVICE constexpr Matrix<T> as(const Matrix<double>& a) {
  Matrix<T> b{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) b.m[i][j] = static_cast<T>(a.m[i][j]);
  return b;
}

// Linear RGB to XYZ by IEC 61966-2-1. Each row is divided by its sum, so that white is (1, 1, 1).
SUMI_HOST_DEVICE constexpr Matrix<double> xyz_of_rgb() {
  Matrix<double> a{{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}};
  for (auto& row : a.m) {
    const double white = row[0] + row[1] + row[2];
    for (double& x : row) x /= white;
  }
  return a;
}
// RGB in [0, 1] to YUV.
SUMI_HOST_DEVICE constexpr Matrix<double> yuv_of_rgb() {
  const double y[3] = {0.299, 0.587, 0.114}, u = 0.492111, v = 0.877283;
  return {
      {{y[0], y[1], y[2]}, {-u * y[0], -u * y[1], u * (1 - y[2])}, {v * (1 - y[0]), -v * y[1], -v * y[2]}}};
}

// ---- curves ----

// Transfer curves by the C library; a backend may provide its own.
struct LibraryCurves {
  template <class T>
  SUMI_HOST_DEVICE static T linear_of_srgb(T v) {
    return v <= T(0.04045) ? v / T(12.92) : std::pow((v + T(0.055)) / T(1.055), T(2.4));
  }
  template <class T>
  SUMI_HOST_DEVICE static T linear_of_srgb_slope(T v) {
    return v <= T(0.04045) ? 1 / T(12.92) : T(2.4 / 1.055) * std::pow((v + T(0.055)) / T(1.055), T(1.4));
  }
  template <class T>
  SUMI_HOST_DEVICE static T srgb_of_linear(T l) {
    return l <= T(0.0031308) ? T(12.92) * l : T(1.055) * std::pow(l, T(1 / 2.4)) - T(0.055);
  }
  template <class T>
  SUMI_HOST_DEVICE static T srgb_of_linear_slope(T l) {
    return l <= T(0.0031308) ? T(12.92) : T(1.055 / 2.4) * std::pow(l, T(1 / 2.4 - 1));
  }

  // The cube root of Lab; linear below (6 / 29)^3.
  template <class T>
  SUMI_HOST_DEVICE static T lab_root(T t) {
    return t <= T(216.0 / 24389) ? T(841.0 / 108) * t + T(4.0 / 29) : std::cbrt(t);
  }
  template <class T>
  SUMI_HOST_DEVICE static T lab_root_slope(T t) {
    if (t <= T(216.0 / 24389)) return T(841.0 / 108);
    const T root = std::cbrt(t);
    return 1 / (3 * root * root);
  }
  template <class T>
  SUMI_HOST_DEVICE static T lab_cube(T f) {
    return f <= T(6.0 / 29) ? T(108.0 / 841) * (f - T(4.0 / 29)) : f * f * f;
  }
  template <class T>
  SUMI_HOST_DEVICE static T lab_cube_slope(T f) {
    return f <= T(6.0 / 29) ? T(108.0 / 841) : 3 * f * f;
  }
};

// ---- pixels ----

// Applies f to each element. Written out, because compilers unroll a loop around a long body too
// late to vectorize the surrounding code.
template <class T, class F>
SUMI_HOST_DEVICE Triple<T> each(const Triple<T>& x, const F& f) {
  return {{f(x.v[0]), f(x.v[1]), f(x.v[2])}};
}
template <class T>
SUMI_HOST_DEVICE Triple<T> products(const Triple<T>& x, const Triple<T>& y) {
  return {{x.v[0] * y.v[0], x.v[1] * y.v[1], x.v[2] * y.v[2]}};
}

// The matrix from the roots f of X, Y, Z to scaled Lab: L* = 116 fY - 16, a* = 500 (fX - fY), b* =
// 200 (fY - fZ).
SUMI_HOST_DEVICE constexpr Matrix<double> lab_of_roots() {
  return {{{0, 116.0 / 50, 0}, {500.0 / 110, -500.0 / 110, 0}, {0, 200.0 / 110, -200.0 / 110}}};
}
inline constexpr double lab_shift = 16.0 / 50 + 1;  // subtracted from L

template <class Curves, class T>
SUMI_HOST_DEVICE Triple<T> rgb_to_lab(const Triple<T>& x) {
  const Triple<T> linear = each(x, [](T v) { return Curves::linear_of_srgb((v + 1) / 2); });
  constexpr auto to_xyz = as<T>(xyz_of_rgb()), to_lab = as<T>(lab_of_roots());
  const Triple<T> f = each(times(to_xyz, linear), [](T v) { return Curves::lab_root(v); });
  Triple<T> y = times(to_lab, f);
  y.v[0] -= T(lab_shift);
  return y;
}
// The gradient of x, given that of rgb_to_lab(x).
template <class Curves, class T>
SUMI_HOST_DEVICE Triple<T> rgb_to_lab_grad(const Triple<T>& x, const Triple<T>& dy) {
  const Triple<T> linear = each(x, [](T v) { return Curves::linear_of_srgb((v + 1) / 2); });
  const Triple<T> slope = each(x, [](T v) { return Curves::linear_of_srgb_slope((v + 1) / 2) / 2; });
  constexpr auto to_xyz = as<T>(xyz_of_rgb()), to_lab = as<T>(lab_of_roots());
  const Triple<T> root = each(times(to_xyz, linear), [](T v) { return Curves::lab_root_slope(v); });
  const Triple<T> d = products(times(transposed(to_lab), dy), root);
  return products(times(transposed(to_xyz), d), slope);
}

// Not clamped: colors outside sRGB leave [-1, 1].
template <class Curves, class T>
SUMI_HOST_DEVICE Triple<T> lab_to_rgb(Triple<T> x) {
  x.v[0] += T(lab_shift);
  constexpr auto to_roots = as<T>(inverse(lab_of_roots())), to_rgb = as<T>(inverse(xyz_of_rgb()));
  const Triple<T> xyz = each(times(to_roots, x), [](T v) { return Curves::lab_cube(v); });
  return each(times(to_rgb, xyz), [](T v) { return 2 * Curves::srgb_of_linear(v) - 1; });
}
template <class Curves, class T>
SUMI_HOST_DEVICE Triple<T> lab_to_rgb_grad(Triple<T> x, const Triple<T>& dy) {
  x.v[0] += T(lab_shift);
  constexpr auto to_roots = as<T>(inverse(lab_of_roots())), to_rgb = as<T>(inverse(xyz_of_rgb()));
  const Triple<T> f = times(to_roots, x);
  const Triple<T> xyz = each(f, [](T v) { return Curves::lab_cube(v); });
  const Triple<T> slope = each(times(to_rgb, xyz), [](T v) { return 2 * Curves::srgb_of_linear_slope(v); });
  const Triple<T> d = times(transposed(to_rgb), products(slope, dy));
  return times(transposed(to_roots), products(d, each(f, [](T v) { return Curves::lab_cube_slope(v); })));
}

template <class T>
SUMI_HOST_DEVICE Triple<T> rgb_to_yuv(Triple<T> x) {
  for (T& v : x.v) v = (v + 1) / 2;
  constexpr auto to_yuv = as<T>(yuv_of_rgb());
  return times(to_yuv, x);
}
template <class T>
SUMI_HOST_DEVICE Triple<T> rgb_to_yuv_grad(const Triple<T>&, const Triple<T>& dy) {
  constexpr auto from_yuv = transposed(as<T>(yuv_of_rgb()));
  Triple<T> d = times(from_yuv, dy);
  for (T& v : d.v) v /= 2;
  return d;
}
template <class T>
SUMI_HOST_DEVICE Triple<T> yuv_to_rgb(const Triple<T>& x) {
  constexpr auto to_rgb = as<T>(inverse(yuv_of_rgb()));
  Triple<T> y = times(to_rgb, x);
  for (T& v : y.v) v = 2 * v - 1;
  return y;
}
template <class T>
SUMI_HOST_DEVICE Triple<T> yuv_to_rgb_grad(const Triple<T>&, Triple<T> dy) {
  for (T& v : dy.v) v *= 2;
  constexpr auto from_rgb = transposed(as<T>(inverse(yuv_of_rgb())));
  return times(from_rgb, dy);
}

// The distance |dY| + huber(dU) + huber(dV) of two RGB colors x and t, with huber(z) = z^2 / 2
// where |z| <= delta, else delta (|z| - delta / 2); and its gradient with respect to x.
template <class T>
struct Distance {
  T value;
  Triple<T> grad;
};
template <class T>
SUMI_HOST_DEVICE Distance<T> yuv_distance(const Triple<T>& x, const Triple<T>& t, T delta) {
  constexpr auto to_yuv = as<T>(yuv_of_rgb());
  Triple<T> d{};
  for (int i = 0; i < 3; ++i) d.v[i] = (x.v[i] - t.v[i]) / 2;
  d = times(to_yuv, d);
  T value = std::fabs(d.v[0]);
  const T above = d.v[0] > 0 ? T(1) : T(0), below = d.v[0] < 0 ? T(1) : T(0);
  Triple<T> slope{{above - below, 0, 0}};
  // comparisons that propagate NaN, and no nested selection
  for (int i = 1; i < 3; ++i) {
    const T z = d.v[i], size = std::fabs(z), line = delta * (size - delta / 2), curve = z * z / 2;
    value += size > delta ? line : curve;
    const T least = z < -delta ? -delta : z;
    slope.v[i] = least > delta ? delta : least;
  }
  return {value, rgb_to_yuv_grad(x, slope)};
}

// C is the enum Color of kernels/color.h.
template <class Curves = LibraryCurves, class C, class T>
SUMI_HOST_DEVICE Triple<T> convert(C c, const Triple<T>& x) {
  switch (c) {
    case C::rgb_to_lab:
      return rgb_to_lab<Curves>(x);
    case C::lab_to_rgb:
      return lab_to_rgb<Curves>(x);
    case C::rgb_to_yuv:
      return rgb_to_yuv(x);
    case C::yuv_to_rgb:
      return yuv_to_rgb(x);
  }
  return x;
}
template <class Curves = LibraryCurves, class C, class T>
SUMI_HOST_DEVICE Triple<T> convert_grad(C c, const Triple<T>& x, const Triple<T>& dy) {
  switch (c) {
    case C::rgb_to_lab:
      return rgb_to_lab_grad<Curves>(x, dy);
    case C::lab_to_rgb:
      return lab_to_rgb_grad<Curves>(x, dy);
    case C::rgb_to_yuv:
      return rgb_to_yuv_grad(x, dy);
    case C::yuv_to_rgb:
      return yuv_to_rgb_grad(x, dy);
  }
  return dy;
}

// The three elements starting at p.
template <class T, class E>
SUMI_HOST_DEVICE Triple<T> load(const E* p) {
  return {{static_cast<T>(p[0]), static_cast<T>(p[1]), static_cast<T>(p[2])}};
}

}  // namespace sumi::color
