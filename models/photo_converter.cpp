// The course notes' photo converter: an autoencoder with a discriminator that is trained on the
// style.
#include "models/photo_converter.h"

#include <fmt/format.h>

#include "models/gan.h"
#include "models/options/option_groups.h"
#include "models/planned_network.h"
#include "models/settings.h"
#include "models/training/rng_streams.h"
#include "models/translation_model.h"

namespace sumi {
namespace {

constexpr SideRule kConverterSides{4, 8};

// G maps an image to z, nz values for every 4x4 pixels, and z to an image of the same size. One
// step, for photographs a and images b in the style, with l the GAN loss:
//   D on b as real and on G(a) as fake, update D; then
//   G: l(D(G(a)), real) + lambda_autoencoder |G(a) - a|, update G.
// |.| is the mean over all elements. The notes train G and D on one tape and do not say how G keeps
// the content; here each optimizer gets the gradients of its own network, and the second term is
// our addition.
class PhotoConverter final : public TranslationModel {
 public:
  explicit PhotoConverter(const TrainOptions& o)
      : TranslationModel(o, {{"AtoB", "g"}}, kConverterSides),
        g_(network("g")),
        generator_(generators({"g"}, generator_rate(o))),
        d_(discriminator("d", RngStream::discriminator)) {}

 protected:
  void train_step(Step& step) override;

 private:
  Module& g_;
  TrainableNetworks& generator_;
  DiscriminatorTrainer& d_;
};

void PhotoConverter::train_step(Step& step) {
  const auto fake_b = [&](MicroBatch& batch) {
    return batch.generate("fake_b", [&] { return g_(batch["real_a"]); });
  };
  step.train(d_, [&](MicroBatch& batch) {
    batch["real_a"] = batch.input(0);
    batch["real_b"] = batch.input(1);
    return DiscriminatorInputs{{batch["real_b"], true}, {fake_b(batch), false}};
  });
  step.minimize(generator_, [&](MicroBatch& batch, Losses& loss) {
    const Tensor fake = fake_b(batch);
    loss.add("loss_g", d_.generator_loss(fake, batch["real_b"]));
    loss.add("loss_recon", options().group<PhotoConverterOptions>().lambda_autoencoder,
             loss_mean(Loss::l1, fake, batch["real_a"]));
  });
}

void check_converter(const TrainOptions& o) {
  if (!images_have_one_size(o))
    fail("--preprocess",
         "must cut squares, because the discriminator takes one size; use resize_and_crop or crop");
  check_crop_size(o, kConverterSides, o.model);
}

std::vector<PlannedNetwork> converter_networks(const TrainOptions& o) {
  TrainOptions net = without_virtual_norm(o);
  net.size = o.crop_size;  // D scores the training crops
  const Shape image{1, net.size, net.size, net.channels};
  std::vector<PlannedNetwork> networks;
  networks.push_back({"g", autoencoder_converter(net), image});
  networks.push_back({"d", autoencoder_discriminator(net), image});
  return networks;
}

void set_shared_defaults(TrainOptions& o) {
  o.ngf = o.ndf = 128;
  o.bn_momentum = 0.99;
  o.init_type = "xavier-uniform";  // the default of the notes' framework
  o.init_gain = 1;
  o.epochs = 100;
}

}  // namespace

void PhotoConverterOptions::add_rows(OptionTable& t) {
  t.heading("Training");
  t.add("lambda-autoencoder", &PhotoConverterOptions::lambda_autoencoder)
      .help("weight of the reconstruction loss: the distance between photograph and output")
      .range(0, 1e6);
}

extern const ModelSpec gan_autoencoder_spec{
    .name = "gan-autoencoder",
    .former_names = {{"autoencoder-gan"}, {"autoencoder-gan", "form", "noise"}},
    .summary = "GAN with the decoder of the course notes' autoencoder: small images from noise",
    .reference = "course notes",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},
    .options = add_groups<ConvGanOptions, BatchNormOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          set_shared_defaults(o);
          o.size = 16;
        },
    .networks = gan_networks<autoencoder_generator, autoencoder_discriminator>,
    .make = make_gan,
};

extern const ModelSpec photo_converter_spec{
    .name = "photo-converter",
    .former_names = {{"autoencoder-gan", "form", "converter"}},
    .summary = "photographs stylized by the course notes' autoencoder, from unpaired images",
    .reference = "course notes",
    .data = "two folders of images, which need not match",
    .requirements = {.domains = 2},
    .options = add_groups<TranslationGanOptions, NoiseOptions, BatchNormOptions, PhotoConverterOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          set_shared_defaults(o);
          o.load_size = 72;
          o.crop_size = 64;
        },
    .check = check_converter,
    .networks = converter_networks,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> {
      return std::make_unique<PhotoConverter>(o);
    },
};

}  // namespace sumi
