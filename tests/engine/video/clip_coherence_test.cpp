// Measures of flicker, on frames whose figures are known.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/video/clip.h"
#include "engine/video/coherence.h"
#include "tests/support.h"

using namespace sumi;

namespace {

constexpr int kWidth = 64, kHeight = 48;

// A smooth texture, `shift` pixels further to the left, lighter by `light` 8-bit levels.
video::Frame texture(double shift, int light = 0) {
  video::Frame frame;
  frame.width = kWidth;
  frame.height = kHeight;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      for (int c = 0; c < 3; ++c) {
        const double u = x + shift, wave = std::sin(0.35 * u + 0.2 * y) + std::sin(0.23 * u - 0.31 * y + c);
        frame.rgb.push_back(static_cast<std::uint16_t>(257 * std::lround(110 + 40 * wave + light)));
      }
  return frame;
}

// 0 and 255 in turns: a Laplacian of +-1020 everywhere.
video::Frame checkerboard() {
  video::Frame frame = texture(0);
  for (std::size_t i = 0; i < frame.rgb.size(); ++i) {
    const std::size_t pixel = i / 3, x = pixel % kWidth, y = pixel / kWidth;
    frame.rgb[i] = (x + y) % 2 == 0 ? 65535 : 0;
  }
  return frame;
}

bool has_module() {
  try {
    video::video_module();
    return true;
  } catch (const video::VideoUnavailable&) {
    MESSAGE("skipped: built without SUMI_VIDEO");
    return false;
  }
}

}  // namespace

TEST_CASE("clip coherence: flicker is measured along the motion, and motion is none") {
  if (!has_module()) return;
  video::CoherenceMeter meter(2);
  for (int i = 0; i < 6; ++i) meter.add(texture(i), {texture(i), texture(i, i % 2 == 0 ? 0 : 20)});
  CHECK(meter.frames() == 6);
  CHECK(meter.cuts() == 0);
  const std::vector<video::Coherence> results = meter.results();
  REQUIRE(results.size() == 3);
  CHECK(results[0].warping_error < 2);
  CHECK(results[1].warping_error == doctest::Approx(results[0].warping_error));
  CHECK(results[2].warping_error == doctest::Approx(20).epsilon(0.1));
  CHECK(results[0].change > 5);
  CHECK(results[2].change > results[0].change);
  CHECK(results[2].sharpness == doctest::Approx(results[0].sharpness).epsilon(0.05));
}

TEST_CASE("clip coherence: sharpness is the variance of the Laplacian, and cuts do not count") {
  if (!has_module()) return;
  video::CoherenceMeter meter(1);
  meter.add(texture(0), {checkerboard()});
  meter.add(texture(1), {checkerboard()});
  meter.add(texture(400, 90), {checkerboard()});  // another scene
  const std::vector<video::Coherence> results = meter.results();
  CHECK(results[1].sharpness == doctest::Approx(1020.0 * 1020.0).epsilon(0.02));
  CHECK(results[1].change == 0);
  CHECK(meter.cuts() == 1);
  CHECK(results[0].warping_error < 2);
}

TEST_CASE("clip coherence: frames that cannot be compared are refused") {
  if (!has_module()) return;
  video::CoherenceMeter meter(1);
  video::Frame small = texture(0);
  small.height = 16;
  small.rgb.resize(static_cast<std::size_t>(3 * kWidth * 16));
  CHECK(
      test::has(test::error_of([&] { meter.add(texture(0), {small}); }), "differ in size: 64x16 and 64x48"));
  CHECK(test::has(test::error_of([] { video::CoherenceMeter(1).results(); }), "no two neighboring frames"));
}
