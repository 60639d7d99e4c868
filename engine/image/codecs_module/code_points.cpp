#include "engine/image/codecs_module/code_points.h"

#include <lcms2.h>

#include <array>
#include <cmath>
#include <memory>
#include <vector>

namespace sumi::io {
namespace {

struct Primaries {
  int code;
  cmsCIExyYTRIPLE colors;
  cmsCIExyY white;
};

constexpr cmsCIExyY kD65{0.3127, 0.3290, 1}, kC{0.310, 0.316, 1}, kDci{0.314, 0.351, 1};
constexpr std::array<Primaries, 9> kPrimaries{{
    {1, {{0.640, 0.330, 1}, {0.300, 0.600, 1}, {0.150, 0.060, 1}}, kD65},
    {4, {{0.67, 0.33, 1}, {0.21, 0.71, 1}, {0.14, 0.08, 1}}, kC},
    {5, {{0.64, 0.33, 1}, {0.29, 0.60, 1}, {0.15, 0.06, 1}}, kD65},
    {6, {{0.630, 0.340, 1}, {0.310, 0.595, 1}, {0.155, 0.070, 1}}, kD65},
    {7, {{0.630, 0.340, 1}, {0.310, 0.595, 1}, {0.155, 0.070, 1}}, kD65},
    {9, {{0.708, 0.292, 1}, {0.170, 0.797, 1}, {0.131, 0.046, 1}}, kD65},
    {11, {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}}, kDci},
    {12, {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}}, kD65},
    {22, {{0.630, 0.340, 1}, {0.295, 0.605, 1}, {0.155, 0.077, 1}}, kD65},
}};

enum Transfer { kGamma22 = 4, kGamma28 = 5, kLinear = 8, kSrgb = 13, kPq = 16, kDcinema = 17, kHlg = 18 };

// SMPTE ST 2084, in units of reference white.
double light_of_pq(double v) {
  constexpr double m1 = 1305.0 / 8192, m2 = 2523.0 / 32, c1 = 107.0 / 128, c2 = 2413.0 / 128,
                   c3 = 2392.0 / 128;
  const double p = std::pow(v, 1 / m2);
  return 10000.0 / 203 * std::pow(std::max(p - c1, 0.0) / (c2 - c3 * p), 1 / m1);
}

// BT.2100's inverse OETF; three quarters of the signal are reference white.
double light_of_hlg(double v) {
  constexpr double a = 0.17883277, b = 0.28466892, c = 0.55991073;
  const auto scene = [&](double x) { return x <= 0.5 ? x * x / 3 : (std::exp((x - c) / a) + b) / 12; };
  return scene(v) / scene(0.75);
}

using Curve = std::unique_ptr<cmsToneCurve, void (*)(cmsToneCurve*)>;

template <class F>
cmsToneCurve* tabulated(F light) {
  std::vector<float> table(4096);
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<float>(
        std::min(1.0, light(static_cast<double>(i) / static_cast<double>(table.size() - 1))));
  return cmsBuildTabulatedToneCurveFloat(nullptr, static_cast<cmsUInt32Number>(table.size()), table.data());
}

cmsToneCurve* curve_of(int transfer) {
  switch (transfer) {
    case kGamma22:
      return cmsBuildGamma(nullptr, 2.2);
    case kGamma28:
      return cmsBuildGamma(nullptr, 2.8);
    case kLinear:
      return cmsBuildGamma(nullptr, 1);
    case kDcinema:
      return cmsBuildGamma(nullptr, 2.6);
    case kPq:
      return tabulated(light_of_pq);
    case kHlg:
      return tabulated(light_of_hlg);
    default: {
      const std::array<double, 5> srgb{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
      return cmsBuildParametricToneCurve(nullptr, 4, srgb.data());
    }
  }
}

}  // namespace

std::string profile_of_code_points(int primaries, int transfer, bool& hdr) {
  hdr = transfer == kPq || transfer == kHlg;
  const bool srgb_curve =
      transfer != kGamma22 && transfer != kGamma28 && transfer != kLinear && transfer != kDcinema && !hdr;
  const Primaries* found = kPrimaries.data();
  for (const Primaries& p : kPrimaries)
    if (p.code == primaries) found = &p;
  if (found->code == 1 && srgb_curve) return "";
  const Curve curve(curve_of(transfer), cmsFreeToneCurve);
  std::array<cmsToneCurve*, 3> curves{curve.get(), curve.get(), curve.get()};
  const std::unique_ptr<void, void (*)(void*)> profile(
      cmsCreateRGBProfile(&found->white, &found->colors, curves.data()), [](void* p) { cmsCloseProfile(p); });
  cmsUInt32Number size = 0;
  if (!profile || !cmsSaveProfileToMem(profile.get(), nullptr, &size)) return "";
  std::string bytes(size, '\0');
  return cmsSaveProfileToMem(profile.get(), bytes.data(), &size) ? bytes : "";
}

}  // namespace sumi::io
