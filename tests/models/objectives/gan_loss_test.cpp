// Losses of discriminator and generator in numbers.
#include <doctest/doctest.h>

#include <cmath>

#include "models/objectives/gan_loss.h"
#include "tests/models/runs.h"

using namespace sumi;

namespace {

Tensor logit(double p) {
  return Tensor::full({1, 1, 1, 1}, std::log(p / (1 - p)), DType::f64, kRef);
}

}  // namespace

TEST_CASE("the course notes' worked example: D(x) = .8, D(G(z)) = .6 gives L_G = .511 and L_D = 1.139") {
  const GanLoss loss("vanilla", 0);
  const Tensor real_logits = logit(0.8), fake_logits = logit(0.6);
  CHECK(loss.mean_score(real_logits).item() == doctest::Approx(0.8));
  const double loss_d =
      loss.discriminator_real(real_logits).item() + loss.discriminator_fake(fake_logits).item();
  CHECK(loss_d == doctest::Approx(-std::log(0.8) - std::log(0.4)).epsilon(1e-12));
  CHECK(std::round(loss_d * 1000) / 1000 == doctest::Approx(1.139));
  const double loss_g = loss.generator(fake_logits).item();
  CHECK(loss_g == doctest::Approx(-std::log(0.6)).epsilon(1e-12));
  CHECK(std::round(loss_g * 1000) / 1000 == doctest::Approx(0.511));
}

TEST_CASE("saturating: the minimax form log(1 - D(G(z)))") {
  CHECK(GanLoss("saturating", 0).generator(logit(0.6)).item() ==
        doctest::Approx(std::log(0.4)).epsilon(1e-12));
}

TEST_CASE("lsgan: squares of the raw outputs") {
  const GanLoss loss("lsgan", 0);
  const Tensor out = Tensor::full({1, 1, 1, 1}, 0.3, DType::f64, kRef);
  CHECK(loss.discriminator_real(out).item() == doctest::Approx(0.49));
  CHECK(loss.discriminator_fake(out).item() == doctest::Approx(0.09));
  CHECK(loss.generator(out).item() == doctest::Approx(0.49));
  CHECK(loss.mean_score(out).item() == 0.3);
}

TEST_CASE("label smoothing moves the real label only") {
  const GanLoss plain("vanilla", 0), smooth("vanilla", 0.1);
  const Tensor out = logit(0.8);
  CHECK(smooth.discriminator_real(out).item() == doctest::Approx(-0.9 * std::log(0.8) - 0.1 * std::log(0.2)));
  CHECK(smooth.discriminator_fake(out).item() == plain.discriminator_fake(out).item());
  CHECK(smooth.generator(out).item() == plain.generator(out).item());
}

TEST_CASE("fraction classified as real: logits above 0, scores above 0.5") {
  const Tensor out = Tensor::from(std::vector<double>{-1, 0.3, 0.4, 0.6}, {4, 1, 1, 1}, DType::f64, kRef);
  CHECK(GanLoss("vanilla", 0).share_real(out).item() == 0.75);
  CHECK(GanLoss("lsgan", 0).share_real(out).item() == 0.25);
}

TEST_CASE("relativistic: the figures of a formula in Python, for pairs of logits") {
  // sp = lambda x: math.log1p(math.exp(x)); r, f = (2, -1, .5), (1, .5, -2)
  // sum(sp(b - a) for a, b in zip(r, f)) / 3, sum(sp(a - b) for a, b in zip(r, f)) / 3
  const auto logits = [](double a, double b, double c) {
    return Tensor::from(std::vector<double>{a, b, c}, {3, 1, 1, 1}, DType::f64, kRef);
  };
  const Tensor real = logits(2, -1, 0.5), fake = logits(1, 0.5, -2);
  const GanLoss loss("relativistic", 0);
  CHECK(loss.is_paired());
  CHECK_FALSE(loss.has_labels());
  CHECK(GanLoss::paired(real, fake).item() == doctest::Approx(0.697854899931175).epsilon(1e-12));
  CHECK(GanLoss::paired(fake, real).item() == doctest::Approx(1.3645215665978416).epsilon(1e-12));
  CHECK(loss.accuracy(real, fake).item() == doctest::Approx(2.0 / 3));
  CHECK(loss.mean_score(real).item() == 0.5);
  CHECK(GanLoss("vanilla", 0).accuracy(real, fake).item() == doctest::Approx(0.5));
}
