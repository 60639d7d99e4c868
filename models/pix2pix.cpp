// pix2pix (Isola 2017): a generator learns image-to-image translation from pairs.
#include "models/pix2pix.h"

#include <fmt/format.h>

#include "models/options/option_groups.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/training/rng_streams.h"
#include "models/training/training_data.h"
#include "models/translation_model.h"

namespace sumi {
namespace {

// G translates A to B; D discriminates patches of A and B beside each other, as channels. One step:
//   discriminator, on an image made before the update: (l(D(a, b), real) + l(D(a, G(a)), fake)) / 2
//   generator, through the updated D:                  l(D(a, G(a)), real) + lambda_l1 |G(a) - b|
// with l the GAN loss and |.| the mean over all elements.
class Pix2Pix final : public TranslationModel {
 public:
  explicit Pix2Pix(const TrainOptions& o)
      : TranslationModel(o, {{o.direction, "g"}}, side_rule(o)),
        g_(network("g")),
        generator_(generators({"g"}, generator_rate(o))),
        d_(discriminator("d", RngStream::discriminator)) {
    set_dropout_stream(g_, random_stream("dropout", RngStream::dropout));
    // Batch norm uses the image's own statistics, as in training with batches of one, and as in the
    // authors' code.
    use_batch_stats_in_eval(g_);
  }

  Translator translator(const std::string& direction) const override {
    Translator t = TranslationModel::translator(direction);
    t.degradation = degradation_of(options());
    t.bits = options().bits;
    return t;
  }

 protected:
  void train_step(Step& step) override;

 private:
  Module& g_;
  TrainableNetworks& generator_;
  DiscriminatorTrainer& d_;
};

void Pix2Pix::train_step(Step& step) {
  const auto fake_b = [&](MicroBatch& batch) {
    return batch.generate("fake_b", [&] { return g_(batch["real_a"]); });
  };
  const auto pair = [](const Tensor& a, const Tensor& b) { return concat({a, b}, 3); };

  step.train(d_, [&](MicroBatch& batch) {
    const Tensor real_a = batch["real_a"] = batch.input(0), real_b = batch["real_b"] = batch.input(1);
    return DiscriminatorInputs{{pair(real_a, real_b), true, 0.5},
                               {pair(real_a, fake_b(batch).detach()), false, 0.5}};
  });
  step.minimize(generator_, [&](MicroBatch& batch, Losses& loss) {
    const Tensor fake = fake_b(batch), real_a = batch["real_a"], real_b = batch["real_b"];
    loss.add("loss_g", d_.generator_loss(pair(real_a, fake), pair(real_a, real_b)));
    loss.add("loss_l1", options().group<Pix2PixOptions>().lambda_l1, loss_mean(Loss::l1, fake, real_b));
  });
}

void check_pix2pix(const TrainOptions& o) {
  check_translation(o);
  const RestorationTask task = task_named(o.task);
  if (task == RestorationTask::colorize && o.channels != 3)
    fail("--task", "colorize needs --channels 3: one channel has no color");
  if (task == RestorationTask::none) return;
  if (o.direction != "AtoB")
    fail("--direction",
         fmt::format("{} has no effect with --task {}, which makes its own pairs; leave it out", o.direction,
                     o.task));
  if (!o.data_a.empty() || !o.data_b.empty())
    fail(o.data_a.empty() ? "--data-b" : "--data-a",
         fmt::format("has no effect with --task {}, which makes its own pairs; give the images by --data",
                     o.task));
}

std::vector<PlannedNetwork> pix2pix_networks(const TrainOptions& o) {
  TrainOptions pair = o;  // D's input
  pair.channels *= 2;
  const std::int64_t side = o.crop_size;
  std::vector<PlannedNetwork> networks;
  networks.push_back({"g", translation_generator(o), {1, side, side, o.channels}});
  networks.push_back({"d", patch_discriminator(pair), {1, side, side, pair.channels}});
  return networks;
}

}  // namespace

void Pix2PixOptions::add_rows(OptionTable& t) {
  t.heading("Training");
  t.add("lambda-l1", &Pix2PixOptions::lambda_l1)
      .help("weight of the L1 distance from the target")
      .alias("--lambda-L1")
      .range(0, 1e6);
}

extern const ModelSpec pix2pix_spec{
    .name = "pix2pix",
    .summary = "translation learned from pairs of images, or restoration learned by degrading intact images",
    .reference = "Isola 2017",
    .data = "pairs: two folders, or images side by side; with --task one folder of any images",
    .requirements = {.domains = 2, .paired = true},
    .options = add_groups<TranslationGanOptions, PairOptions, PatchOptions, Pix2PixOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.net_g = "unet_256";
          o.norm = "batch";
          o.no_dropout = false;
          o.batch_size = 1;
          o.epochs = o.epochs_decay = 100;
          o.lr_policy = "linear";
        },
    .check = check_pix2pix,
    .networks = pix2pix_networks,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<Pix2Pix>(o); },
};

}  // namespace sumi
