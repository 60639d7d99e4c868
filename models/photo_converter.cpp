// The course notes' converter: an autoencoder whose discriminator has seen the style.
#include <fmt/format.h>

#include "models/gan.h"
#include "models/training/rng_streams.h"
#include "models/translation_model.h"

namespace sumi {
namespace {

constexpr SideRule kConverterSides{4, 8};

// The converter form of autoencoder-gan. G takes an image to z, a map of nz numbers for every 4x4 pixels, and z to an image of
// the same size. One step, for photographs a and images b in the style, with l the GAN loss:
//   D on b as real and on G(a) as fake, update D; then
//   G: l(D(G(a)), real) + lambda_autoencoder |G(a) - a|, update G. |.| is the mean over all elements.
// The notes train G and D on one tape and do not say how G is to keep the content; here each optimizer gets the gradients of
// its own network, and the second term is ours.
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
    loss.add("loss_autoencoder", options().lambda_autoencoder, loss_mean(Loss::l1, fake, batch["real_a"]));
  });
}

bool converts(const TrainOptions& o) {
  return o.variant == "converter";
}

void check_autoencoder(const TrainOptions& o) {
  if (o.variant != "noise" && o.variant != "converter")
    fail("--form", fmt::format("unknown '{}'; use one of: noise, converter", o.variant));
  if (!converts(o)) return;
  if (o.conditional)
    fail("--conditional", "is of --form noise: a converter draws what its photographs show; leave it out");
  if (!pictures_have_one_size(o))
    fail("--preprocess",
         "must cut squares, because the discriminator takes one size; use resize_and_crop or crop");
  check_crop_size(o, kConverterSides, o.model);
}

std::vector<PlannedNetwork> autoencoder_networks(const TrainOptions& o) {
  if (!converts(o)) return gan_networks<autoencoder_generator, autoencoder_discriminator>(o);
  TrainOptions net = without_virtual_norm(o);
  net.size = o.crop_size;  // the discriminator looks at the crops of training
  const Shape image{1, net.size, net.size, net.channels};
  std::vector<PlannedNetwork> networks;
  networks.push_back({"g", autoencoder_converter(net), image});
  networks.push_back({"d", autoencoder_discriminator(net), image});
  return networks;
}

}  // namespace

const ModelSpec autoencoder_gan_spec{
    .name = "autoencoder-gan",
    .summary = "the texts' anime converter: pictures from noise, or photographs redrawn (--form converter)",
    .reference = "the source texts",
    .data = "a folder of pictures; as a converter two folders, which need not match",
    .translates = converts,
    .labeled = is_conditional,
    .set_defaults =
        [](TrainOptions& o) {
          o.variant = "noise";
          o.size = 16;
          o.load_size = 72;
          o.crop_size = 64;
          o.ngf = o.ndf = 128;
          o.bn_momentum = 0.99;
          o.init_type = "xavier-uniform";  // what their library does unless told otherwise
          o.init_gain = 1;
          o.epochs = 100;
        },
    .check = check_autoencoder,
    .networks = autoencoder_networks,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> {
      if (converts(o)) return std::make_unique<PhotoConverter>(o);
      return make_gan(o);
    },
};

}  // namespace sumi
