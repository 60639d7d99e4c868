#include "models/options/network_options.h"

#include <charconv>

#include "models/options/option_table.h"

namespace sumi {
namespace {

using O = const TrainOptions&;

constexpr int kMostNormals = 4096;

// "gmm:K" with K from 1 to 4096.
bool is_mixture(const std::string& kind) {
  if (!kind.starts_with("gmm:")) return false;
  int count = 0;
  const char *first = kind.data() + 4, *last = kind.data() + kind.size();
  return std::from_chars(first, last, count).ptr == last && count >= 1 && count <= kMostNormals;
}

}  // namespace

void GeneratorOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("ngf", &TrainOptions::ngf).help("width of the generator (vae: of the decoder)").range(1, 4096);
  t.add("ndf", &TrainOptions::ndf).help("width of the discriminator (vae: of the encoder)").range(1, 4096);
}

void UpsamplingOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("upsample", &TrainOptions::upsample)
      .help(
          "upsampling in the generator: transpose, nearest or bilinear (resize and convolution, which avoids "
          "checkerboard artifacts)")
      .placeholder("RULE")
      .choices({"transpose", "nearest", "bilinear"});
}

void BackboneOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("width", &TrainOptions::width)
      .help("channels of the first layers; the last layers have eight times as many")
      .range(1, 1024);
}

void BatchNormOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("bn-momentum", &TrainOptions::bn_momentum)
      .help("batch norm: share of the running statistics kept at each step, as in Keras (PyTorch: 1 - X)")
      .alias("--norm-keep")
      .range(0, 0.999999);
}

void NoiseOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("nz", &TrainOptions::nz).help("length of the noise vector").alias("--latent-dim").range(1, 65536);
}

void LatentOptions::add_rows(OptionTable& t) {
  t.add_group<NoiseOptions>();
  t.add_group<LabelOptions>();
  const auto conditional = [](O o) { return o.conditional; };
  t.at("labels").only_with("--conditional", conditional);
  t.at("classes").only_with("--conditional", conditional);
  t.absent("only GANs that start from noise have it");
  t.heading("Networks");
  t.add("conditional", &TrainOptions::conditional)
      .help("class-conditional generation: both networks receive the label");
  t.heading("Training");
  t.add("resample-noise", &TrainOptions::resample_noise)
      .help("new noise for the generator's update, instead of the noise of the discriminator's")
      .alias("--fresh-noise");
  t.heading("Stability");
  t.add("mode-seeking", &TrainOptions::mode_seeking)
      .help("weight of the mode-seeking loss, against similar images from different noise")
      .alias("--diversity")
      .range(0, 1e6)
      .check([](O o) {
        return std::string(o.mode_seeking > 0 && o.batch_size % 2 != 0
                               ? "compares the halves of a batch; use an even --batch-size"
                               : "");
      });
  t.add("latent", &TrainOptions::latent)
      .help("distribution of the noise: normal, uniform, or gmm:K, a mixture of K normals")
      .placeholder("KIND")
      .check([](O o) {
        return std::string(o.latent == "normal" || o.latent == "uniform" || is_mixture(o.latent)
                               ? ""
                               : "unknown; use normal, uniform, or gmm:K with K from 1 to 4096");
      });
  t.absent("");
}

void VirtualBatchNormOptions::add_rows(OptionTable& t) {
  t.heading("Stability");
  t.absent("it needs a generator that starts from noise and has batch norm");
  t.add("virtual-batch-norm", &TrainOptions::virtual_batch_norm)
      .help("virtual batch norm in the generator: statistics of a reference batch and the sample")
      .alias("--vbn");
  t.absent("");
}

void PatchOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("net-g", &TrainOptions::net_g)
      .help("generator: resnet_9blocks, resnet_6blocks, unet_128 or unet_256")
      .alias("--netG,--which-model-netG")
      .choices({"resnet_9blocks", "resnet_6blocks", "unet_128", "unet_256"});
  t.add("n-blocks", &TrainOptions::n_blocks)
      .help("residual blocks of the generator; 0: as its name says")
      .range(0, 64)
      .not_with("--net-g unet_128 or unet_256", [](O o) { return !o.net_g.starts_with("unet"); });
  t.add("n-layers-d", &TrainOptions::n_layers_d)
      .help("strided layers of the patch discriminator")
      .alias("--n-layers-D")
      .range(1, 8);
  t.add("norm", &TrainOptions::norm)
      .help("normalization: instance, instance-affine (with a learned scale and offset) or batch")
      .placeholder("KIND")
      .choices({"instance", "instance-affine", "batch"});
  t.add("no-dropout", &TrainOptions::no_dropout).help("no dropout in the generators");
}

}  // namespace sumi
