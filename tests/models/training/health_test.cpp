// Messages of the health monitor on statistics and samples of sick runs, and none on a healthy one.
#include "models/training/health.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "tests/support.h"

using namespace sumi;
using test::has;

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Noise of `contrast` levels around gray.
std::vector<Image8> noise_images(int count, int contrast, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Image8> images;
  for (int i = 0; i < count; ++i) {
    Image8 image(8, 8, 1);
    for (auto& v : image.data)
      v = static_cast<std::uint8_t>(128 - contrast +
                                    static_cast<int>(random() % (2U * static_cast<unsigned>(contrast) + 1)));
    images.push_back(image);
  }
  return images;
}

StepStats stats(double loss_d, double loss_g, double real, double fake, double accuracy) {
  return {
      {"loss_d", loss_d}, {"loss_g", loss_g}, {"d_real", real}, {"d_fake", fake}, {"d_accuracy", accuracy}};
}

// All lines that `steps` equal steps lead to.
std::string lines_of(HealthMonitor& health, int steps, const std::function<StepStats(int)>& at) {
  std::string text;
  for (int i = 1; i <= steps; ++i) text += joined(health.step(i, at(i)));
  return text;
}

}  // namespace

TEST_CASE("health: diversity is the mean difference of pairs") {
  CHECK(diversity({}) == 0);
  CHECK(diversity({Image8(4, 4, 3, 10)}) == 0);
  CHECK(diversity({Image8(4, 4, 3, 10), Image8(4, 4, 3, 16)}) == doctest::Approx(6));
  CHECK(diversity({Image8(4, 4, 3, 0), Image8(4, 4, 3, 3), Image8(4, 4, 3, 6)}) == doctest::Approx(4));
}

TEST_CASE("health: a run like most is left alone") {
  HealthMonitor health(1000, true);
  CHECK(health.begin().empty());
  health.set_real(noise_images(16, 60, 1));
  CHECK_FALSE(health.wants_real());
  std::mt19937 random(3);
  const auto wobble = [&](double x) { return x * (0.7 + 0.6 * static_cast<double>(random() % 1000) / 1000); };
  // An early lead of the discriminator, then balance; samples begin alike and spread.
  for (int i = 1; i <= 3000; ++i) {
    const StepStats now = i < 250 ? stats(wobble(0.01), wobble(5), 0.99, 0.01, 1)
                                  : stats(wobble(0.9), wobble(1.6), wobble(0.7), wobble(0.3), 0.8);
    CHECK(joined(health.step(i, now)).empty());
    if (i % 400 == 0)
      CHECK(joined(health.sheet(i, noise_images(16, 1 + i / 50, static_cast<unsigned>(i)))).empty());
  }
}

TEST_CASE("health: few images are said before the first step") {
  CHECK(has(joined(HealthMonitor(1, true).begin()), "only 1 image, and the networks will memorize it"));
  CHECK(has(joined(HealthMonitor(49, true).begin()), "--diffaugment"));
  CHECK_FALSE(has(joined(HealthMonitor(49, false).begin()), "--diffaugment"));
  CHECK(HealthMonitor(50, true).begin().empty());
}

TEST_CASE("health: a discriminator that has won, once") {
  HealthMonitor health(1000, true);
  const auto won = [](int) { return stats(1e-3, 9, 0.999, 0.001, 1); };
  const std::string text = lines_of(health, 2000, won);
  CHECK(has(text, "step 300: the discriminator is winning. It classifies 100.0 % of the images correctly"));
  CHECK(text.find("winning") == text.rfind("winning"));
}

TEST_CASE("health: a discriminator that learns nothing") {
  HealthMonitor health(1000, true);
  CHECK(has(lines_of(health, 400, [](int) { return stats(1.3863, 0.6931, 0.5, 0.5, 0.5); }),
            "does not separate real images"));
}

TEST_CASE("health: a discriminator that guesses, is fooled, or is clipped to nothing") {
  HealthMonitor guessing(1000, true), fooled(1000, true), clipped(1000, true), balanced(1000, true);
  std::mt19937 random(4);
  const auto noise = [&] { return (static_cast<double>(random() % 2001) - 1000) / 1000; };
  CHECK(has(lines_of(guessing, 500,
                     [&](int) {
                       return stats(1.4 + 0.2 * noise(), 0.7, 0.5 + 0.05 * noise(), 0.5 + 0.05 * noise(),
                                    0.5 + 0.1 * noise());
                     }),
            "step 400: the discriminator does not separate real images"));
  CHECK(has(lines_of(fooled, 500, [&](int) { return stats(2 + noise(), 0.1, 0.3, 0.8, 0.25); }),
            "classifies only 25 % correctly"));
  CHECK(has(lines_of(clipped, 500,
                     [&](int) { return stats(1e-9 * noise(), 0, 1e-9 * noise(), 1e-9 * noise(), 0.5); }),
            "does not separate"));
  // A lead at first, then balance.
  CHECK(lines_of(balanced, 2000, [&](int i) {
          const double lead = i < 200 ? 0.4 : 0.01;
          return stats(1.3 + 0.1 * noise(), 0.8, 0.5 + lead + 0.05 * noise(), 0.5 - lead + 0.05 * noise(),
                       i < 200 ? 0.9 : 0.51 + 0.05 * noise());
        }).empty());
}

TEST_CASE("health: images of the data that look alike") {
  HealthMonitor copies(1000, true), fair(1000, true);
  CHECK(has(joined(copies.set_real(std::vector<Image8>(8, Image8(4, 4, 3, 90)))), "look alike"));
  CHECK(fair.set_real(noise_images(16, 60, 1)).empty());
  HealthMonitor one(1000, true);
  CHECK(one.set_real({Image8(4, 4, 3, 90)}).empty());  // a batch of one says nothing
}

TEST_CASE("health: a classifier that is no better than guessing") {
  HealthMonitor lost(1000, true), learns(1000, true), unknown(1000, true);
  lost.set_chance(0.25);
  learns.set_chance(0.25);
  const auto at = [](double accuracy) {
    return [=](int) { return StepStats{{"loss", 1.4}, {"accuracy", accuracy}}; };
  };
  CHECK(has(lines_of(lost, 400, at(0.27)), "step 300: the classifier is no better than guessing"));
  CHECK(lines_of(learns, 400, at(0.4)).empty());
  CHECK(lines_of(unknown, 400, at(0.2)).empty());
}

TEST_CASE("health: losses that grow, relative to their beginning or beyond all bounds") {
  HealthMonitor slow(1000, true), at_once(1000, true), small(1000, true), reconstruction(1000, true);
  CHECK(has(lines_of(slow, 800, [](int i) { return stats(1, std::exp(0.015 * i), 0.6, 0.4, 0.7); }),
            "loss_g is"));
  CHECK(
      has(lines_of(at_once, 300, [](int) { return stats(0.5, 90000, 1, 0, 0.9); }), "the run is diverging"));
  CHECK(lines_of(small, 800, [](int i) { return stats(0.5, 0.1 * i, 0.6, 0.4, 0.8); }).empty());
  CHECK(lines_of(reconstruction, 800, [](int) { return StepStats{{"loss", 5000}}; }).empty());
}

TEST_CASE("health: samples that collapse name the step of the most diverse ones") {
  HealthMonitor health(1000, true);
  health.set_real(noise_images(16, 60, 1));
  CHECK(health.sheet(200, noise_images(16, 50, 2)).empty());
  const std::string text = joined(health.sheet(400, noise_images(16, 3, 3)));
  CHECK(has(text, "step 400: the samples look alike"));
  CHECK(has(text, "at step 200 it was"));
  CHECK(health.sheet(600, noise_images(16, 3, 4)).empty());  // said before
}

TEST_CASE("health: samples that were never diverse") {
  HealthMonitor health(1000, true);
  health.set_real(noise_images(16, 60, 1));
  const auto fair = [](int i) { return stats(0.9 + 0.1 * (i % 3), 1.5, 0.7, 0.3, 0.8); };
  CHECK(health.sheet(100, noise_images(16, 1, 2)).empty());
  lines_of(health, 1000, fair);
  CHECK(has(joined(health.sheet(1000, noise_images(16, 1, 3))), "ignores its noise"));
}

TEST_CASE("health: samples that stand still, and saturated ones") {
  HealthMonitor still(1000, true), saturated(1000, true);
  const std::vector<Image8> same = noise_images(16, 60, 5);
  CHECK(still.sheet(0, same).empty());
  CHECK(still.sheet(50, same).empty());
  CHECK(has(joined(still.sheet(100, same)), "have not changed since step 0"));
  saturated.set_real(noise_images(16, 60, 1));
  lines_of(saturated, 100, [](int i) { return stats(0.9 + 0.1 * (i % 3), 1.5, 0.7, 0.3, 0.8); });
  std::vector<Image8> extreme;
  for (int i = 0; i < 16; ++i) extreme.emplace_back(8, 8, 1, static_cast<std::uint8_t>(i % 2 ? 255 : 0));
  CHECK(has(joined(saturated.sheet(100, extreme)), "saturated"));
}
