// Losses and stabilization techniques of adversarial training against their formulas, in f64 on the
// reference device.
#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "models/objectives/latent.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/discriminator_trainer.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;

namespace {

Tensor values(const std::vector<double>& v, const Shape& s) {
  return Tensor::from(v, s, DType::f64, kRef);
}

TrainOptions options() {
  TrainOptions o = default_options("gan");
  o.device = "ref";
  o.precision = "f64";
  o.size = 2;
  return o;
}

// D(x) = w . x, a single layer with weights 1, 2, 3, 4.
std::unique_ptr<Sequential> linear_d() {
  auto d = std::make_unique<Sequential>("d");
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  LayerSpec s;
  s.map = BlockOptions::MapKind::dense;
  s.in = 4;
  s.out = 1;
  s.bias = false;
  s.name = "main";
  d->add(s, DType::f64, kRef);
  d->parameters()[0].value.assign(std::vector<double>{1, 2, 3, 4});
  return d;
}

const Tensor kReal = values({1, 1, 1, 1, 2, 0, 0, 0}, {2, 2, 2, 1});   // D: 10, 2
const Tensor kFake = values({0, 0, 0, 1, 0, -1, 0, 0}, {2, 2, 2, 1});  // D: 4, -2

std::vector<double> gradient_of(DiscriminatorTrainer& d, DiscriminatorStats* verdict = nullptr) {
  d.arena().begin();
  Tape tape;
  const DiscriminatorStats v = d.accumulate_gradients(tape, {{kReal, true}, {kFake, false}});
  if (verdict) *verdict = v;
  std::vector<double> g = d.arena().gradients().to_vector<double>();
  g.resize(4);
  return g;
}

void check_close(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-9));
}

}  // namespace

TEST_CASE("hinge and wgan: values of both sides") {
  const Tensor out = values({-2, 0.5, 3}, {3, 1, 1, 1});
  const GanLoss hinge("hinge", 0), wgan("wgan", 0);
  CHECK(hinge.discriminator_real(out).item() == doctest::Approx((3 + 0.5 + 0) / 3));
  CHECK(hinge.discriminator_fake(out).item() == doctest::Approx((0 + 1.5 + 4) / 3));
  CHECK(hinge.generator(out).item() == doctest::Approx(-0.5));
  CHECK(wgan.discriminator_real(out).item() == doctest::Approx(-0.5));
  CHECK(wgan.discriminator_fake(out).item() == doctest::Approx(0.5));
  CHECK(wgan.generator(out).item() == doctest::Approx(-0.5));
  CHECK(wgan.mean_score(out).item() == doctest::Approx(0.5));
}

TEST_CASE(
    "a critic's step: the difference of the means, and the gradient penalty of a linear critic in closed "
    "form") {
  TrainOptions o = options();
  o.gan_mode = "wgan";
  const auto network = linear_d();
  DiscriminatorTrainer plain(o, *network, RngStream::init);
  DiscriminatorStats verdict;
  const std::vector<double> base = gradient_of(plain, &verdict);
  CHECK(verdict.loss.item() == doctest::Approx(1 - 6));  // means 1 of the fakes and 6 of the reals
  check_close(base, {-1.5, -1, -0.5, 0});                // mean fake - mean real

  o.gan_mode = "wgan-gp";
  o.lambda_gp = 10;
  const auto other = linear_d();
  DiscriminatorTrainer with(o, *other, RngStream::init);
  const std::vector<double> g = gradient_of(with, &verdict);
  // The gradient with respect to x is w everywhere: 10 (|w| - 1)^2, whose gradient is 20 (|w| - 1)
  // w / |w|.
  const double norm = std::sqrt(30.0);
  CHECK(verdict.penalty.item() == doctest::Approx(10 * (norm - 1) * (norm - 1)));
  std::vector<double> expected = base;
  for (int i = 0; i < 4; ++i) expected[static_cast<std::size_t>(i)] += 20 * (norm - 1) * (i + 1) / norm;
  check_close(g, expected);
}

TEST_CASE("R1 on real images at its interval, weighted for all the steps between") {
  TrainOptions o = options();
  o.gan_mode = "wgan";
  o.r1 = 3;
  o.r1_interval = 4;
  const auto network = linear_d();
  DiscriminatorTrainer d(o, *network, RngStream::init);
  const std::vector<double> base = gradient_of(d);
  CHECK(d.penalty_due());
  d.set_penalty_due(true);
  DiscriminatorStats verdict;
  const std::vector<double> g = gradient_of(d, &verdict);
  CHECK(verdict.penalty.item() == doctest::Approx(3.0 / 2 * 4 * 30));
  std::vector<double> expected = base;
  for (int i = 0; i < 4; ++i) expected[static_cast<std::size_t>(i)] += 3 * 4 * (i + 1);
  check_close(g, expected);
  Tape tape;
  d.train(tape, {{{kReal, true}, {kFake, false}}});
  CHECK_FALSE(d.penalty_due());  // after one update, and again after four
}

TEST_CASE("relativistic: the loss and gradient of pairs, and R1 and R2 of both kinds of images") {
  TrainOptions o = options();
  o.gan_mode = "relativistic";
  const auto network = linear_d();
  DiscriminatorTrainer plain(o, *network, RngStream::init);
  DiscriminatorStats verdict;
  const std::vector<double> base = gradient_of(plain, &verdict);
  // D's differences are 10 - 4 and 2 + 2; those of the images are (1,1,1,0) and (2,1,0,0).
  const auto s = [](double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(verdict.loss.item() == doctest::Approx(-(std::log(s(6)) + std::log(s(4))) / 2));
  const double a = -s(-6) / 2, b = -s(-4) / 2;
  check_close(base, {a + 2 * b, a + b, a, 0});
  {
    const FreezeGuard frozen(plain.arena());
    Tape tape;
    CHECK(plain.generator_loss(kFake, kReal).item() ==
          doctest::Approx(-(std::log(s(-6)) + std::log(s(-4))) / 2));
  }
  // Several generated inputs: each is paired with the first real one.
  Tape tape;
  plain.arena().begin();
  const DiscriminatorStats three =
      plain.accumulate_gradients(tape, {{kReal, true}, {kFake, false, 2}, {kReal, false, 3}}, 0.5);
  CHECK(three.loss.item() == doctest::Approx(0.5 * (-(std::log(s(6)) + std::log(s(4))) + 3 * std::log(2.0))));

  o.r1 = 3;
  o.r2 = 5;
  o.r1_interval = 2;
  const auto other = linear_d();
  DiscriminatorTrainer with(o, *other, RngStream::init);
  CHECK(with.penalty_due());
  with.set_penalty_due(true);
  const std::vector<double> g = gradient_of(with, &verdict);
  CHECK(verdict.penalty.item() == doctest::Approx((3.0 + 5) / 2 * 2 * 30));  // the slope is w everywhere
  std::vector<double> expected = base;
  for (int i = 0; i < 4; ++i) expected[static_cast<std::size_t>(i)] += (3 + 5) * 2 * (i + 1);
  check_close(g, expected);
}

TEST_CASE("R2 alone: only the generated images' slope") {
  TrainOptions o = options();
  o.r2 = 4;
  const auto network = linear_d();
  DiscriminatorTrainer d(o, *network, RngStream::init);
  CHECK(d.penalty_due());
  d.set_penalty_due(true);
  d.arena().begin();
  Tape tape;
  CHECK_FALSE(d.accumulate_gradients(tape, {{kReal, true}}).penalty);
  CHECK(d.accumulate_gradients(tape, {{kFake, false}}).penalty.item() == doctest::Approx(2 * 16 * 30));
}

TEST_CASE("weights are clipped after the update, and those inside the bounds are unchanged") {
  TrainOptions o = options();
  o.gan_mode = "wgan";
  o.optimizer = "rmsprop";
  o.lr = 0;
  o.clip_weights = 2.5;
  const auto network = linear_d();
  DiscriminatorTrainer d(o, *network, RngStream::init);
  Tape tape;
  d.train(tape, {{{kReal, true}, {kFake, false}}});
  check_close(d.network().parameters()[0].value.to_vector<double>(), {1, 2, 2.5, 2.5});
}

TEST_CASE("feature matching: the squared distance of mean features, a mean over features") {
  TrainOptions o = options();
  o.gan_mode = "wgan";
  o.feature_matching = 8;
  const auto network = linear_d();
  DiscriminatorTrainer d(o, *network, RngStream::init);
  const FreezeGuard frozen(d.arena());
  Tape tape;
  // Features after the flatten layer are pixels: means 1.5 .5 .5 .5 and 0 -.5 0 .5.
  const double apart = (1.5 * 1.5 + 1 + 0.25 + 0) / 4;
  CHECK(d.generator_loss(kFake, kReal).item() == doctest::Approx(-1 + 8 * apart));
}

TEST_CASE("random labels for the generator change with every step, and need a mode with labels") {
  TrainOptions o = options();
  o.generator_target = "random";
  const auto network = linear_d();
  DiscriminatorTrainer d(o, *network, RngStream::init);
  const FreezeGuard frozen(d.arena());
  Tape tape;
  CHECK(d.generator_loss(kFake, kReal).item() != d.generator_loss(kFake, kReal).item());
  o.gan_mode = "hinge";
  CHECK(test::has(test::error_of([&] { validate(o); }), "--generator-target"));
}

TEST_CASE("historical averaging pulls the parameters toward their mean over time") {
  TrainOptions o = options();
  o.gan_mode = "wgan";
  o.historical_averaging = 2;
  const auto network = linear_d();
  DiscriminatorTrainer d(o, *network, RngStream::init);
  Tape tape;
  d.train(tape, {{{kReal, true}, {kFake, false}}});  // the mean is the initial weight
  const Tensor w = d.network().parameters()[0].value;
  w.assign(std::vector<double>{2, 2, 3, 4});
  d.train(tape, {{{kReal, true}, {kFake, false}}});
  // The optimizer's gradient: -1.5 from the loss and 2 * 2 * (2 - 1).
  CHECK(d.arena().gradients().to_vector<double>()[0] == doctest::Approx(-1.5 + 4));
}

TEST_CASE("minibatch discrimination: similar samples differ from dissimilar ones") {
  MinibatchDiscrimination m(2, 3, 2, DType::f64, kRef);
  RandomStream stream(1, 1);
  const Tensor t = m.parameters()[0].value;
  t.assign(stream.normal(t.shape(), DType::f64, kRef));
  const Tensor x = values({1, 2, 1, 2, -3, 5}, {3, 1, 1, 2});
  const std::vector<double> y = m(x).to_vector<double>(), w = t.to_vector<double>();
  for (std::size_t kernel = 0; kernel < 3; ++kernel) {
    double apart = 0;  // |M_0 - M_2|_1
    for (std::size_t dim = 0; dim < 2; ++dim)
      apart += std::abs(4 * w[(kernel * 2 + dim) * 2] - 3 * w[(kernel * 2 + dim) * 2 + 1]);
    CHECK(y[2 + kernel] == doctest::Approx(1 + std::exp(-apart)));  // the first: its twin and the other
    CHECK(y[5 * 2 + 2 + kernel] == doctest::Approx(2 * std::exp(-apart)));  // the last: both are far
  }
}

TEST_CASE("virtual batch norm: a sample's result depends on the reference and itself alone") {
  LayerSpec s;
  s.map = BlockOptions::MapKind::dense;
  s.in = s.out = 1;
  s.bias = false;
  s.norm = LayerSpec::Norm::virtual_batch;
  s.norm_eps = 0;
  s.name = "a";
  s.norm_name = "b";
  FusedLayer layer(s, DType::f64, kRef);
  for (const Parameter& p : layer.parameters())
    p.value.assign(std::vector<double>{p.name == "b.bias" ? 0.0 : 1.0});
  layer.set_reference(2);
  const std::vector<double> y = layer(values({1, 3, 8, -4}, {4, 1, 1, 1})).to_vector<double>();
  check_close({y[0], y[1]}, {-1, 1});
  // With 1, 3 and 8: mean 4, variance (9 + 1 + 16) / 3.
  CHECK(y[2] == doctest::Approx(4 / std::sqrt(26.0 / 3)));
  CHECK(layer(values({1, 3, 8, 70}, {4, 1, 1, 1})).to_vector<double>()[2] == y[2]);
  BatchNorm::Spec alone;  // the norm by itself
  alone.name = "b";
  alone.channels = 1;
  alone.eps = 0;
  alone.is_virtual = true;
  alone.act = Unary::relu;
  BatchNorm norm(alone, DType::f64, kRef);
  for (const Parameter& p : norm.parameters())
    p.value.assign(std::vector<double>{p.name == "b.bias" ? 0.0 : 1.0});
  norm.set_reference(2);
  check_close(norm(values({1, 3, 8, -4}, {4, 1, 1, 1})).to_vector<double>(), {0, 1, y[2], 0});
  layer.set_reference(0);
  CHECK(test::has(test::error_of([&] { layer(values({1}, {1, 1, 1, 1})); }), "reference"));
}

TEST_CASE("augmentation: whole pixels are moved, rectangles cut, and nothing else changes") {
  std::vector<double> ramp(2 * 16 * 8);
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = 1 + static_cast<double>(i);
  const Tensor x = values(ramp, {2, 16, 8, 1});
  RandomStream stream(3, 1);
  std::set<double> moves;
  for (int round = 0; round < 20; ++round) {
    const std::vector<double> y = augment(x, parse_augmentation("translation"), stream).to_vector<double>();
    double shift = 0;
    for (std::size_t i = 0; i < 128; ++i)
      if (y[i] != 0) {
        if (shift == 0) shift = y[i] - ramp[i] + 1000;
        CHECK(y[i] - ramp[i] + 1000 == doctest::Approx(shift));
      }
    moves.insert(std::round(shift));
  }
  CHECK(moves.size() > 6);  // of 5 x 3
  bool cut_something = false;
  for (int round = 0; round < 10; ++round) {
    const std::vector<double> y = augment(x, parse_augmentation("cutout"), stream).to_vector<double>();
    int cut = 0;
    for (std::size_t i = 0; i < 128; ++i) {
      CHECK((y[i] == 0 || y[i] == ramp[i]));
      cut += y[i] == 0 ? 1 : 0;
    }
    CHECK(cut <= 8 * 4);
    cut_something = cut_something || cut > 0;
  }
  CHECK(cut_something);
  const std::vector<double> c = augment(x, parse_augmentation("color"), stream).to_vector<double>();
  // One channel: brightness and contrast are a line through each image.
  const double slope = c[1] - c[0];
  CHECK(slope >= 0.5);
  CHECK(slope < 1.5);
  CHECK(c[127] - c[126] == doctest::Approx(slope));
  CHECK(test::has(test::error_of([] { parse_augmentation("colors"); }), "--diffaugment"));
}

TEST_CASE("latent: uniform noise stays inside, a mixture has as many centers as it says") {
  RandomStream stream(1, 2);
  for (const double v : Latent("uniform", 3, 1, DType::f64, kRef).draw(100, stream).to_vector<double>())
    CHECK(std::abs(v) <= 1);
  const std::vector<double> mixed =
      Latent("gmm:3", 1, 7, DType::f64, kRef).draw(3000, stream).to_vector<double>();
  RandomStream centers(7, 5);
  const std::vector<double> c = centers.normal({3, 1, 1, 1}, DType::f64, kRef).to_vector<double>();
  double mean = 0, square = 0;
  for (const double v : mixed) mean += v / 3000, square += v * v / 3000;
  CHECK(mean == doctest::Approx((c[0] + c[1] + c[2]) / 3).epsilon(0.1).scale(1));
  CHECK(square == doctest::Approx((c[0] * c[0] + c[1] * c[1] + c[2] * c[2]) / 3 + 0.25).epsilon(0.1));
  for (const char* bad : {"gmm:", "gmm:0", "gmm:x", "gmm:3x", "cauchy", ""})
    CHECK(test::has(test::error_of([&] { check_latent(bad); }), "--latent"));
}
