// The Wasserstein GAN with gradient penalty (Gulrajani 2017): the penalty pulls the critic's slope
// between real and generated images toward 1.
#include "models/gan.h"
#include "models/networks/resnet_critic.h"
#include "models/options/option_groups.h"

namespace sumi {

// Residual networks; the gradient penalty is evaluated between real and generated images.
extern const ModelSpec wgan_gp_spec{
    .name = "wgan-gp",
    .summary = "Wasserstein GAN with gradient penalty: stable training, residual networks",
    .reference = "Gulrajani 2017",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},
    .options = add_groups<ConvGanOptions, RectangleOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.gan_mode = "wgan-gp";
          o.lambda_gp = 10;
          o.n_critic = 5;
          o.nz = 128;
          o.upsample = "nearest";
          o.lr = 1e-4;
          o.beta1 = 0;
          o.beta2 = 0.9;
          o.init_type = "kaiming";
          o.init_gain = 1;
        },
    .networks = gan_networks<resnet_gan_generator, resnet_gan_critic>,
    .make = make_gan,
};

}  // namespace sumi
