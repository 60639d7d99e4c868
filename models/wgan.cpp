// The Wasserstein GAN (Arjovsky 2017): the discriminator becomes a critic with unbounded output and
// bounded slope.
#include "models/gan.h"
#include "models/options/option_groups.h"

namespace sumi {

// DCGAN's networks; every weight of the critic is clipped to [-0.01, 0.01].
extern const ModelSpec wgan_spec{
    .name = "wgan",
    .summary = "Wasserstein GAN with clipped weights: its loss tracks image quality",
    .reference = "Arjovsky 2017",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},
    .options = add_groups<ConvGanOptions, RectangleOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.gan_mode = "wgan";
          o.clip_weights = 0.01;
          o.n_critic = 5;
          o.optimizer = "rmsprop";
          o.lr = 5e-5;
          // beta2 is RMSProp's decay.
          o.beta2 = 0.99;
        },
    .networks = gan_networks<dcgan_generator, dcgan_discriminator>,
    .make = make_gan,
};

}  // namespace sumi
