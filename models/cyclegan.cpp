// CycleGAN (Zhu 2017): two generators learn to translate between two domains of unpaired images.
#include "models/cyclegan.h"

#include "models/options/option_groups.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/training/rng_streams.h"
#include "models/translation_model.h"

namespace sumi {
namespace {

// G_AB translates A to B, G_BA translates B to A; D_A discriminates domain A, D_B domain B. One
// step, for a in A and b in B:
//   generators, with l the GAN loss for "real":
//     l(D_B(G_AB(a))) + lambda_a |G_BA(G_AB(a)) - a| + lambda_b lambda_identity |G_AB(b) - b|
//     and the same with a and b exchanged
//   discriminators, on images made before the generators' update, through the image pools:
//     (l(D_A(a), real) + l(D_A(pool(G_BA(b))), fake)) / 2, D_B likewise
// |.| is the mean over all elements.
class CycleGan final : public TranslationModel {
 public:
  explicit CycleGan(const TrainOptions& o)
      : TranslationModel(o, {{"AtoB", "g_ab"}, {"BtoA", "g_ba"}}, side_rule(o)),
        g_ab_(network("g_ab")),
        g_ba_(network("g_ba")),
        generators_(generators({"g_ab", "g_ba"}, generator_rate(o))),
        d_a_(discriminator("d_a", RngStream::discriminator)),
        d_b_(discriminator("d_b", RngStream::discriminator_b)),
        weights_(o.group<CycleGanOptions>()),
        pool_a_(image_pool("pool.a", weights_.pool_size, RngStream::image_pool_a)),
        pool_b_(image_pool("pool.b", weights_.pool_size, RngStream::image_pool_b)) {
    RandomStream& dropout = random_stream("dropout", RngStream::dropout);
    for (Module* g : {&g_ab_, &g_ba_}) set_dropout_stream(*g, dropout);
  }

  SampleGrid samples() override;

 protected:
  void train_step(Step& step) override;

 private:
  // Adds the generators' losses for one cycle, named as in A -> B -> A. Returns the fake image,
  // detached.
  struct Cycle {
    std::string a, b;  // "a", "b"
    Module &g_ab, &g_ba;
    DiscriminatorTrainer& d_b;
    double lambda_a, lambda_b;
  };
  Tensor generator_losses(Losses& loss, const Cycle& cycle, const Tensor& real_a, const Tensor& real_b);

  Module &g_ab_, &g_ba_;
  TrainableNetworks& generators_;
  DiscriminatorTrainer &d_a_, &d_b_;
  CycleGanOptions weights_;
  ImagePool &pool_a_, &pool_b_;  // of fake images in A, in B
};

Tensor l1(const Tensor& a, const Tensor& b) {
  return loss_mean(Loss::l1, a, b);
}

Tensor CycleGan::generator_losses(Losses& loss, const Cycle& cycle, const Tensor& real_a,
                                  const Tensor& real_b) {
  const double lambda_identity = cycle.lambda_b * weights_.lambda_identity;
  const auto add_identity = [&](const Tensor& idt_b) {  // G_AB must leave images of B unchanged
    loss.add("loss_identity_" + cycle.b, lambda_identity, l1(idt_b, real_b));
  };
  Tensor fake_b;
  if (lambda_identity > 0) {
    fake_b = loss.forward_with(cycle.g_ab, real_a, real_b, add_identity);
  } else {
    loss.skip("loss_identity_" + cycle.b);
    fake_b = cycle.g_ab(real_a);
  }
  loss.add("loss_g_" + cycle.a + cycle.b, cycle.d_b.generator_loss(fake_b, real_b));
  loss.add("loss_cycle_" + cycle.a, cycle.lambda_a, [&] {
    const Tensor rec_a = cycle.g_ba(fake_b);
    return l1(rec_a, real_a);
  });
  loss.backward();  // frees the activations before the other direction needs theirs
  return fake_b.detach();
}

void CycleGan::train_step(Step& step) {
  const double lambda_a = weights_.lambda_a, lambda_b = weights_.lambda_b;
  step.minimize(generators_, [&](MicroBatch& batch, Losses& loss) {
    const Tensor real_a = batch["real_a"] = batch.input(0), real_b = batch["real_b"] = batch.input(1);
    batch["fake_b"] =
        generator_losses(loss, {"a", "b", g_ab_, g_ba_, d_b_, lambda_a, lambda_b}, real_a, real_b);
    batch["fake_a"] =
        generator_losses(loss, {"b", "a", g_ba_, g_ab_, d_a_, lambda_b, lambda_a}, real_b, real_a);
  });
  if (!step.updates_generators())  // --n-critic: a round that updates only the discriminators
    step.without_gradients([&](MicroBatch& batch) {
      batch["fake_b"] = g_ab_(batch["real_a"] = batch.input(0));
      batch["fake_a"] = g_ba_(batch["real_b"] = batch.input(1));
    });
  step.train(d_a_, [&](MicroBatch& batch) {
    return DiscriminatorInputs{{batch["real_a"], true, 0.5}, {pool_a_.query(batch["fake_a"]), false, 0.5}};
  });
  step.train(d_b_, [&](MicroBatch& batch) {
    return DiscriminatorInputs{{batch["real_b"], true, 0.5}, {pool_b_.query(batch["fake_b"]), false, 0.5}};
  });
}

// Three rows for each domain: images, their translations, and the translations back.
SampleGrid CycleGan::samples() {
  SampleGrid sheet;
  for (std::size_t domain = 0; domain < sample_images().size(); ++domain) {
    std::vector<Tensor> fake, rec;
    for (const Tensor& real : sample_images()[domain]) {
      sheet.pictures.push_back(real);
      fake.push_back(translate(real, domain == 0 ? "AtoB" : "BtoA", false));
      rec.push_back(translate(fake.back(), domain == 0 ? "BtoA" : "AtoB", false));
    }
    sheet.columns = static_cast<int>(fake.size());
    sheet.pictures.insert(sheet.pictures.end(), fake.begin(), fake.end());
    sheet.pictures.insert(sheet.pictures.end(), rec.begin(), rec.end());
  }
  return sheet;
}

std::vector<PlannedNetwork> cyclegan_networks(const TrainOptions& o) {
  const Shape image{1, o.crop_size, o.crop_size, o.channels};
  std::vector<PlannedNetwork> networks;
  networks.push_back({"g_ab", translation_generator(o), image});
  networks.push_back({"g_ba", translation_generator(o), image});
  networks.push_back({"d_a", patch_discriminator(o), image});
  networks.push_back({"d_b", patch_discriminator(o), image});
  return networks;
}

}  // namespace

void CycleGanOptions::add_rows(OptionTable& t) {
  t.heading("Training");
  t.add("lambda-a", &CycleGanOptions::lambda_a)
      .help("weight of the cycle-consistency loss A to B to A")
      .alias("--lambda-A")
      .range(0, 1e6);
  t.add("lambda-b", &CycleGanOptions::lambda_b)
      .help("weight of the cycle-consistency loss B to A to B")
      .alias("--lambda-B")
      .range(0, 1e6);
  t.add("lambda-identity", &CycleGanOptions::lambda_identity)
      .help("weight of the identity loss, as a factor of --lambda-a or --lambda-b")
      .range(0, 1e6);
  t.add("pool-size", &CycleGanOptions::pool_size)
      .help("size of the buffer of generated images shown to the discriminators; 0: off")
      .range(0, 1e5);
}

extern const ModelSpec cyclegan_spec{
    .name = "cyclegan",
    .summary = "translation between two folders of unpaired images",
    .reference = "Zhu 2017",
    .data = "two unpaired folders of images",
    .requirements = {.domains = 2},
    .options = add_groups<TranslationGanOptions, PatchOptions, CycleGanOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.batch_size = 1;
          o.epochs = o.epochs_decay = 100;
          o.lr_policy = "linear";
          o.gan_mode = "lsgan";
        },
    .check = check_translation,
    .networks = cyclegan_networks,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<CycleGan>(o); },
};

}  // namespace sumi
