// One pass over two batches against two passes: the same losses and gradients where it is allowed.
#include "models/training/batched_forward.h"

#include <doctest/doctest.h>

#include "models/networks/translation_networks.h"
#include "models/settings.h"
#include "models/training/discriminator_trainer.h"
#include "tests/models/runs.h"

using namespace sumi;

namespace {

TrainOptions norm_options(LayerSpec::Norm norm) {
  TrainOptions o;
  o.n_layers_d = 1;
  o.ndf = 4;
  o.norm = norm == LayerSpec::Norm::batch ? "batch" : "instance";
  o.precision = "f64";
  o.device = "ref";
  return o;
}

Tensor noise_image(std::int64_t n, std::int64_t side, std::uint64_t seed) {
  RandomStream stream(seed, 1);
  return stream.normal({n, side, side, 3}, DType::f64, kRef);
}

// A discriminator with the given norm, the same each time.
std::unique_ptr<Sequential> discriminator(LayerSpec::Norm norm) {
  std::unique_ptr<Sequential> d = patch_discriminator(norm_options(norm));
  d->set_name("d");
  RandomStream init(1, 2);
  initialize(*d, {"normal", 0.2}, init);
  return d;
}

TrainOptions training() {
  TrainOptions o = default_options("cyclegan");
  o.device = "ref";
  o.precision = "f64";
  return o;
}

void check_same(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-10).scale(1));
}

void check_as_two_passes(LayerSpec::Norm norm, const Tensor& real, const Tensor& fake, bool joins) {
  const auto network = discriminator(norm);
  DiscriminatorTrainer one(training(), *network, RngStream::init);
  CHECK(can_batch(one.network(), real, fake) == joins);
  one.arena().begin();
  Tape joined;
  const DiscriminatorStats judged = one.accumulate_gradients(joined, {{real, true, 0.5}, {fake, false, 0.5}});
  CHECK(joined.size() == 0);

  const std::unique_ptr<Sequential> two = discriminator(norm);
  ParamArena arena({{"d", two.get()}});
  arena.begin();
  Tape tape;
  const Tensor real_logits = (*two)(real), fake_logits = (*two)(fake);
  const GanLoss& loss = one.loss();
  const Tensor sum = add(loss.discriminator_real(real_logits), loss.discriminator_fake(fake_logits));
  tape.backward(affine(sum, 0.5));
  CHECK(judged.loss.item() == doctest::Approx(0.5 * sum.item()));
  check_same(judged.real_logits.to_vector<double>(), real_logits.to_vector<double>());
  check_same(judged.fake_logits.to_vector<double>(), fake_logits.to_vector<double>());
  check_same(one.arena().gradients().to_vector<double>(), arena.gradients().to_vector<double>());
}

}  // namespace

TEST_CASE("batched forward: a discriminator's step with instance norm is that of two passes") {
  check_as_two_passes(LayerSpec::Norm::instance, noise_image(1, 16, 1), noise_image(2, 16, 2), true);
}

TEST_CASE(
    "batched forward: batch norm sees real and fake images separately, as do images of different sizes") {
  check_as_two_passes(LayerSpec::Norm::batch, noise_image(2, 16, 1), noise_image(2, 16, 2), false);
  check_as_two_passes(LayerSpec::Norm::instance, noise_image(1, 16, 1), noise_image(1, 24, 2), false);
}

TEST_CASE("batched forward: each half goes to its own batch") {
  const std::unique_ptr<Sequential> d = discriminator(LayerSpec::Norm::instance);
  const NoGrad no_grad;
  const Tensor a = noise_image(1, 16, 1), b = noise_image(2, 16, 2);
  const auto both = forward_pair(*d, a, b);
  check_same(both.first.to_vector<double>(), (*d)(a).to_vector<double>());
  check_same(both.second.to_vector<double>(), (*d)(b).to_vector<double>());
}
