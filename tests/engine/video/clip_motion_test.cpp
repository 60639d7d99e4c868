// Cuts, motion, and drawings that are blended along it.
#include <algorithm>
#include <cmath>
#include <random>

#include "engine/video/temporal.h"
#include "kernels/isa.h"
#include "kernels/thread_pool.h"
#include "tests/engine/video/clips.h"

using namespace clips;
using sumi::test::error_of;
using sumi::test::has;
using sumi::test::TempDir;
using sumi::video::Motion;
using sumi::video::MotionEstimator;
using sumi::video::TemporalBlend;

namespace {

constexpr int kSide = 96;

// A smooth texture that is moved by `shift` pixels to the left, in the color of a shot, with noise.
Frame scene(double shift, int shot, double noise, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, noise);
  Frame frame;
  frame.width = frame.height = kSide;
  frame.rgb.resize(kSide * kSide * 3);
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x)
      for (int c = 0; c < 3; ++c) {
        const double u = x + shift;
        double value = 30000 + 9000 * std::sin(u / 5 + y / 9.0) + 9000 * std::sin(u / 11 - y / 6.0) +
                       5000 * std::sin(u * y / 300);
        if (shot == 1) value = 65535 - (c == 0 ? value / 4 : value);
        frame.rgb[static_cast<std::size_t>(3 * (y * kSide + x) + c)] =
            static_cast<std::uint16_t>(std::clamp(value + normal(random), 0.0, 65535.0));
      }
  return frame;
}

// Mean difference, away from the border.
double distance(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
  double sum = 0;
  int count = 0;
  for (int y = 12; y < kSide - 12; ++y)
    for (int x = 12; x < kSide - 12; ++x, ++count) {
      const auto at = static_cast<std::size_t>(3 * (y * kSide + x));
      sum += std::abs(static_cast<double>(a[at]) - b[at]);
    }
  return sum / count;
}

}  // namespace

TEST_CASE("clip motion: cuts are found, and pans, fades and noise are none") {
  MotionEstimator estimator(false);
  std::vector<int> cuts;
  for (int i = 0; i < 30; ++i) {
    Frame frame = scene(2.0 * i, i >= 12 && i < 20 ? 1 : 0, 900, static_cast<unsigned>(i));
    if (i >= 20)  // a fade to black
      for (std::uint16_t& level : frame.rgb) level = static_cast<std::uint16_t>(level * (30 - i) / 10);
    if (estimator.next(frame).cut) cuts.push_back(i);
  }
  CHECK(cuts == std::vector<int>{0, 12, 20});
}

TEST_CASE("clip motion: the flow leads to the frame before, and is trusted where it does") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  MotionEstimator estimator(true);
  CHECK(estimator.next(scene(0, 0, 0, 0)).cut);
  const Motion motion = estimator.next(scene(3, 0, 0, 0));
  REQUIRE(!motion.cut);
  REQUIRE(motion.width == kSide);
  double u = 0, v = 0, trust = 0;
  int count = 0;
  for (int y = 16; y < kSide - 16; ++y)
    for (int x = 16; x < kSide - 16; ++x, ++count) {
      const auto at = static_cast<std::size_t>(y * kSide + x);
      u += motion.flow[2 * at];
      v += motion.flow[2 * at + 1];
      trust += motion.trust[at];
    }
  CHECK(u / count == doctest::Approx(3).epsilon(.05));
  CHECK(std::abs(v / count) < .1);
  CHECK(trust / count > .9);
}

TEST_CASE("clip motion: blending takes the flicker from a drawing, and nothing of it goes over a cut") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  MotionEstimator estimator(true);
  TemporalBlend blend(kSide, kSide, 0.9);
  for (int i = 0; i < 16; ++i) {
    const int shot = i >= 12 ? 1 : 0;
    const Frame clean = scene(1.5 * i, shot, 0, 0);
    const Motion motion = estimator.next(clean);
    std::vector<std::uint16_t> drawing = clean.rgb;
    for (std::size_t k = 0; k < drawing.size(); ++k) {  // tones that jump from frame to frame
      const double jump = 4000 * std::sin(static_cast<double>(k / 3 % kSide) / 17 + 2.4 * i);
      drawing[k] = static_cast<std::uint16_t>(std::clamp(drawing[k] + jump, 0.0, 65535.0));
    }
    const double before = distance(drawing, clean.rgb);
    if (i == 12) CHECK(motion.cut);
    const std::vector<std::uint16_t> drawn = drawing;
    blend.apply(motion, drawing.data());
    if (i == 0 || i == 12) CHECK(drawing == drawn);
    if (i == 11) CHECK(distance(drawing, clean.rgb) < .6 * before);
  }
}

TEST_CASE("clip motion: dots that stay on the page are not smeared by what moves below them") {
  std::vector<std::uint16_t> dots(3 * kSide * kSide);
  for (std::size_t i = 0; i < dots.size(); ++i) {
    const std::size_t x = i / 3 % kSide, y = i / 3 / kSide;
    dots[i] = x % 4 < 2 && y % 4 < 2 ? 0 : 65535;
  }
  const auto after = [&](float speed, double smear) {
    Motion motion;
    motion.cut = false;
    motion.width = motion.height = kSide;
    motion.trust.assign(kSide * kSide, 1.0F);
    for (int i = 0; i < kSide * kSide; ++i) motion.flow.insert(motion.flow.end(), {speed, 0.0F});
    TemporalBlend blend(kSide, kSide, 0.9, smear);
    std::vector<std::uint16_t> shown;
    for (int i = 0; i < 8; ++i) {
      shown = dots;
      shown[3 * (kSide * 48 + 48)] = i % 2 == 0 ? 0 : 65535;  // flicker
      blend.apply(i == 0 ? Motion{} : motion, shown.data());
    }
    return shown;
  };
  CHECK(distance(after(3, 1), dots) < .6 * distance(after(3, 0), dots));
  CHECK(after(0, 1) == after(0, 0));
}

TEST_CASE("clip motion: a blend goes on from its state to the same drawings") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  MotionEstimator estimator(true), skipping(true);
  TemporalBlend blend(kSide, kSide, 0.8), resumed(kSide, kSide, 0.8);
  for (int i = 0; i < 6; ++i) {
    const Frame frame = scene(2.0 * i, 0, 2000, static_cast<unsigned>(i));
    std::vector<std::uint16_t> first = frame.rgb, second = frame.rgb;
    blend.apply(estimator.next(frame), first.data());
    if (i < 3) {
      skipping.skip(frame);
    } else {
      resumed.apply(skipping.next(frame), second.data());
      CHECK(first == second);
    }
    if (i == 2) resumed.set_state(blend.state());
  }
  CHECK(has(error_of([&] { TemporalBlend(kSide + 1, kSide, 0.8).set_state(blend.state()); }),
            "of another clip"));
}

TEST_CASE("clip motion: blends at odd sizes, with every instruction set and number of threads") {
  const int before = sumi::kernels::num_threads();
  for (const auto& [width, height] : {std::pair{67, 41}, {16, 16}, {5, 33}, {33, 2}, {1, 1}}) {
    CAPTURE(width);
    CAPTURE(height);
    Motion motion;
    motion.cut = false;
    motion.width = 19;
    motion.height = 17;
    for (int i = 0; i < 19 * 17; ++i) {
      motion.flow.insert(motion.flow.end(),
                         {static_cast<float>(i % 7) - 3.2F, static_cast<float>(i % 5) - 2.1F});
      motion.trust.push_back(static_cast<float>(i % 4) / 3);
    }
    const auto size = static_cast<std::size_t>(3 * width * height);
    const auto shown = [&](bool flat) {
      TemporalBlend blend(width, height, 0.9);
      std::vector<std::uint16_t> drawing(size);
      for (unsigned frame = 0; frame < 4; ++frame) {
        for (std::size_t i = 0; i < size; ++i)
          drawing[i] = flat ? 30000 : static_cast<std::uint16_t>((i * 2654435761U + frame * 40503U) >> 7);
        blend.apply(frame == 0 ? Motion{} : motion, drawing.data());
      }
      return drawing;
    };
    CHECK(shown(true) == std::vector<std::uint16_t>(size, 30000));
    sumi::kernels::set_num_threads(1);
    const std::vector<std::uint16_t> one = shown(false);
    sumi::kernels::set_num_threads(3);
    const sumi::kernels::IsaScope baseline(sumi::kernels::Isa::baseline);
    CHECK(shown(false) == one);
  }
  sumi::kernels::set_num_threads(before);
}
