// Every option of training, in one table: the command line, options.json, --config and --help are made from
// it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/tensor.h"
#include "models/options/train_options.h"

namespace sumi {

// One row of the table.
struct OptionInfo {
  const char* name;         // kebab-case; the snake_case spelling is accepted too
  const char* aliases;      // peers' spellings, comma separated with their dashes, or ""
  const char* group;        // heading in --help
  const char* value;        // "N", "DIR", ...; "" for a flag
  const char* help;         // one line; see help_of()
  bool on_resume;           // may be given again with --resume
  const char* models = "";  // those that have it, separated by blanks; "!...": all but these; "": all
};

// Whether the model has the option.
bool applies(const OptionInfo& info, const std::string& model);

// What an option is for, for this model (for all models if there is no such name).
std::string help_of(const OptionInfo& info, const std::string& model);

// Calls visit(OptionInfo, reference to the member) for every option, in the order of --help.
template <class Options, class Visit>
void visit_options(Options& o, Visit&& visit) {
  const char* from_noise = "gan gan-reshape gan-conv autoencoder-gan dcgan wgan wgan-gp infogan";
  const char* drawing = "gan gan-reshape gan-conv autoencoder-gan dcgan wgan wgan-gp infogan vae";
  const char* squares = "gan gan-reshape gan-conv autoencoder-gan dcgan wgan wgan-gp infogan vae features";
  const char *cycle = "cyclegan", *anime = "animegan cartoongan", *paired = "pix2pix";
  const char* translating = "cyclegan animegan cartoongan pix2pix";
  const char* two_folders = "cyclegan autoencoder-gan animegan cartoongan pix2pix";
  const char* photos = "cyclegan autoencoder-gan animegan cartoongan pix2pix stylizer";
  const char* adversarial =
      "gan gan-reshape gan-conv autoencoder-gan dcgan wgan wgan-gp infogan cyclegan animegan cartoongan "
      "pix2pix";
  const char* labeled = "gan gan-reshape gan-conv autoencoder-gan dcgan wgan wgan-gp infogan features";
  const char *coded = "infogan", *classifying = "features", *vae = "vae";
  const char *data = "Data", *nets = "Networks", *train = "Training", *stable = "Stability", *out = "Output",
             *machine = "Machine";
  visit(
      OptionInfo{
          "data", "--dataroot", data, "DIR|FILE",
          "folder of pictures (searched through), or an idx.gz or .pack file; for cyclegan and pix2pix a "
          "folder with trainA and trainB in it, for pix2pix also of pictures side by side",
          true},
      o.data);
  visit(OptionInfo{"data-a", "--photo", data, "DIR",
                   "pictures of domain A (photographs); of pairs, those given", true, photos},
        o.data_a);
  visit(OptionInfo{"data-b", "--style", data, "DIR",
                   "pictures of domain B (drawings, paintings); of pairs, those wanted", true, two_folders},
        o.data_b);
  visit(OptionInfo{"styles", "--style", data, "NAME=TEACHER...",
                   "styles, each with its teacher: a folder of planes or a filter", true, "stylizer"},
        o.styles);
  visit(OptionInfo{"outdir", "-o,--outf", data, "DIR", "run directory: checkpoints, samples, curves, log",
                   false},
        o.outdir);
  visit(OptionInfo{"cache", "", data, "DIR",
                   "where decoded data sets are kept (default: the user's cache folder)", true},
        o.cache);
  visit(OptionInfo{"size", "--image-size,--imageSize", data, "PX", "height and width of the pictures", false,
                   squares},
        o.size);
  visit(OptionInfo{"load-size", "", data, "PX", "pictures are first made this large ...", false, two_folders},
        o.load_size);
  visit(OptionInfo{"crop-size", "", data, "PX", "... and of that a square this large is cut at random", false,
                   photos},
        o.crop_size);
  visit(OptionInfo{"preprocess", "", data, "RULE",
                   "resize_and_crop, crop, scale_width, scale_width_and_crop or none", false, two_folders},
        o.preprocess);
  visit(
      OptionInfo{"task", "", data, "NAME",
                 "make pairs of single pictures, by damage that shall be undone: inpaint, restore, superres, "
                 "denoise or colorize (none: they come in pairs)",
                 false, paired},
      o.task);
  visit(OptionInfo{"factor", "", data, "N", "of --task superres: how many times larger", false, paired},
        o.factor);
  visit(OptionInfo{"noise", "", data, "X", "of --task denoise: the standard deviation, in levels of 255",
                   false, paired},
        o.noise);
  visit(OptionInfo{"direction", "", data, "AtoB|BtoA", "which side of the pairs is given, which wanted",
                   false, paired},
        o.direction);
  visit(OptionInfo{"channels", "--nc", data, "1|3", "gray or color", false}, o.channels);
  visit(OptionInfo{"bits", "", data, "8|16",
                   "what is kept of each channel of the pictures, and what convert writes with png and tif",
                   false, paired},
        o.bits);
  visit(OptionInfo{"flip", "", data, "", "mirror pictures at random", false}, o.flip);
  visit(OptionInfo{"replacement", "", data, "",
                   "draw every picture from the whole set: in a pass some come twice, some never", false},
        o.sample_with_replacement);
  visit(OptionInfo{"max-items", "--subset,--max-dataset-size", data, "N",
                   "use only the first N pictures (0: all)", false},
        o.max_items);
  visit(
      OptionInfo{"labels", "", data, "RULE",
                 "which class a picture has: folder (its subfolder's name), prefix or prefix:SEPARATOR (its "
                 "name up to _ or that), file (an idx file beside the pictures'), auto, or none",
                 true, labeled},
      o.labels);
  visit(OptionInfo{"classes", "", data, "A,B,...",
                   "names of the classes in the order of their numbers (default: as the data says); ; "
                   "between those of several sets",
                   false, labeled},
        o.classes);
  visit(
      OptionInfo{
          "hold-out", "", data, "N",
          "one of every N pictures is kept from training, to measure how many are told right (0: none)",
          false, classifying},
      o.val_every);
  visit(OptionInfo{"workers", "--num-threads,--num-workers", data, "N",
                   "threads that prepare batches (0: none); same results for any N", true},
        o.workers);

  visit(OptionInfo{"nz", "", nets, "N", "length of the noise vector", false, drawing}, o.nz);
  visit(OptionInfo{"net-g", "--netG", nets, "NAME", "", false, translating}, o.net_g);
  visit(OptionInfo{"net-d", "--netD", nets, "NAME", "animegan2 or cartoongan", false, anime}, o.net_d);
  visit(OptionInfo{"features", "", nets, "FILE",
                   "what compares content and style: own, a run of sumi train features, or VGG19's weights",
                   true, anime},
        o.feature_network);
  visit(OptionInfo{"n-blocks", "", nets, "N", "residual blocks (0: as published)", false,
                   "cyclegan animegan cartoongan pix2pix stylizer"},
        o.n_blocks);
  visit(OptionInfo{"ngf", "", nets, "N", "width of the generator (vae: of what draws)", false, "!features"},
        o.ngf);
  visit(OptionInfo{"ndf", "", nets, "N", "width of the discriminator (vae: of what encodes)", false,
                   "!features stylizer"},
        o.ndf);
  visit(OptionInfo{"width", "", nets, "N", "channels of the first layers; the last have eight times as many",
                   false, classifying},
        o.width);
  visit(
      OptionInfo{"n-layers-d", "", nets, "N", "depth of the patch discriminator", false, "cyclegan pix2pix"},
      o.n_layers_d);
  visit(OptionInfo{"norm", "", nets, "KIND", "instance or batch", false, "cyclegan pix2pix"}, o.norm);
  visit(OptionInfo{"no-dropout", "", nets, "", "no dropout in the generators", false, "cyclegan pix2pix"},
        o.no_dropout);
  visit(OptionInfo{"upsample", "", nets, "RULE",
                   "g's way up: transpose, or nearest or bilinear with a convolution (no checkerboard)",
                   false, "!gan gan-reshape features stylizer"},
        o.upsample);
  visit(
      OptionInfo{
          "form", "", nets, "NAME",
          "which network: gan-reshape pixel or flat, vae dense or conv, autoencoder-gan noise or converter",
          false, "gan-reshape autoencoder-gan vae"},
      o.variant);
  visit(OptionInfo{"norm-keep", "", nets, "X",
                   "share of batch norm's running statistics kept at each step (PyTorch's momentum is 1 - X)",
                   false, "gan-reshape gan-conv autoencoder-gan"},
        o.bn_momentum);
  visit(OptionInfo{"conditional", "", nets, "",
                   "draw what a label asks for: both networks are told the class", false, from_noise},
        o.conditional);
  visit(OptionInfo{"categories", "", nets, "N", "kinds of the categorical code (0: none)", false, coded},
        o.categories);
  visit(OptionInfo{"continuous", "", nets, "N", "continuous codes", false, coded}, o.continuous);
  visit(OptionInfo{"init-type", "", nets, "RULE", "normal, xavier, xavier-uniform, kaiming or orthogonal",
                   false},
        o.init_type);
  visit(OptionInfo{"init-gain", "", nets, "X", "spread of the initial weights", false}, o.init_gain);
  visit(OptionInfo{"init", "--load", nets, "CHECKPOINT",
                   "start from these weights (fine-tuning); optimizer starts anew", false},
        o.init);

  visit(OptionInfo{"batch-size", "", train, "N", "pictures a step", false}, o.batch_size);
  visit(OptionInfo{"steps", "", train, "N", "length of the run in steps (0: as --epochs says)", true},
        o.steps);
  visit(OptionInfo{"epochs", "--n-epochs,--niter", train, "X", "length of the run in passes over the data",
                   true},
        o.epochs);
  visit(OptionInfo{"epochs-decay", "--n-epochs-decay", train, "X",
                   "more passes, in which the learning rate falls", true},
        o.epochs_decay);
  visit(OptionInfo{"optimizer", "", train, "RULE", "adam, adamw or rmsprop", false}, o.optimizer);
  visit(OptionInfo{"lr", "", train, "X", "learning rate", false}, o.lr);
  visit(OptionInfo{"lr-g", "--glr", train, "X", "the generator's own rate (0: --lr)", false, adversarial},
        o.lr_g);
  visit(OptionInfo{"lr-d", "--dlr", train, "X", "the discriminator's own rate (0: --lr)", false, adversarial},
        o.lr_d);
  visit(OptionInfo{"beta1", "", train, "X", "Adam's first decay", false}, o.beta1);
  visit(OptionInfo{"beta2", "", train, "X", "Adam's second decay, and RMSProp's only one", false}, o.beta2);
  visit(OptionInfo{"weight-decay", "", train, "X",
                   "shrinks the weights; added to the gradient, by adamw taken from the weights themselves",
                   false},
        o.weight_decay);
  visit(OptionInfo{"lr-policy", "", train, "RULE", "constant, linear, step, two-steps or cosine", false},
        o.lr_policy);
  visit(OptionInfo{"gan-mode", "", train, "LOSS", "vanilla, saturating, lsgan, hinge, wgan or wgan-gp", false,
                   adversarial},
        o.gan_mode);
  visit(OptionInfo{"lambda-a", "--lambda-A", train, "X", "weight of the cycle A to B to A", false, cycle},
        o.lambda_a);
  visit(OptionInfo{"lambda-b", "--lambda-B", train, "X", "weight of the cycle B to A to B", false, cycle},
        o.lambda_b);
  visit(OptionInfo{"lambda-identity", "", train, "X",
                   "weight of leaving a domain's own pictures as they are, times --lambda-a or -b", false,
                   cycle},
        o.lambda_identity);
  visit(OptionInfo{"lambda-l1", "--lambda-L1", train, "X",
                   "weight of the distance to the picture that is wanted", false, paired},
        o.lambda_l1);
  visit(OptionInfo{"pool-size", "", train, "N",
                   "drawn pictures kept to show the discriminators again (0: off)", false, cycle},
        o.pool_size);
  visit(OptionInfo{"lambda-autoencoder", "", train, "X",
                   "weight of the distance between a photograph and what becomes of it", false,
                   "autoencoder-gan"},
        o.lambda_autoencoder);
  visit(OptionInfo{"likelihood", "", train, "KIND",
                   "how a picture may differ from its reconstruction: bernoulli or gaussian", false, vae},
        o.likelihood);
  visit(OptionInfo{"sigma", "", train, "X", "spread of a pixel in [0,1] around it (gaussian)", false, vae},
        o.sigma);
  visit(OptionInfo{"kl-weight", "--beta", train, "X", "weight of the divergence of the noise from N(0, 1)",
                   false, vae},
        o.kl_weight);
  visit(OptionInfo{"style-preset", "", train, "NAME",
                   "the losses' published weights: hayao, paprika, shinkai, cartoongan", false, anime},
        o.style_preset);
  visit(OptionInfo{"lambda-adv", "--g-adv-weight", train, "X",
                   "weight of the adversarial losses (-1, and in the next four: the preset's)", false, anime},
        o.lambda_adv);
  visit(
      OptionInfo{"lambda-content", "--con-weight", train, "X", "of the photograph's features", false, anime},
      o.lambda_content);
  visit(
      OptionInfo{"lambda-style", "--sty-weight", train, "X", "of the drawings' Gram matrices", false, anime},
      o.lambda_style);
  visit(OptionInfo{"lambda-colour", "--color-weight", train, "X", "of the photograph's colors", false, anime},
        o.lambda_color);
  visit(OptionInfo{"lambda-tv", "--tv-weight", train, "X", "of smooth areas", false, anime}, o.lambda_tv);
  visit(OptionInfo{"init-epochs", "--init-epoch", train, "X",
                   "passes, or parts of one, at first, in which g learns to keep the content only", false,
                   anime},
        o.init_epochs);
  visit(OptionInfo{"init-lr", "", train, "X", "the learning rate of these passes", false, anime}, o.init_lr);
  visit(
      OptionInfo{"clip-grad", "", train, "X", "largest global norm of a network's gradient (0: off)", false},
      o.clip_grad_norm);
  visit(OptionInfo{"ema", "", train, "X", "keep a running average of g with this decay, e.g. 0.999 (0: off)",
                   false},
        o.ema);
  visit(OptionInfo{"accumulate", "", train, "N",
                   "batches whose gradients are added up for one update (a larger batch in the same memory)",
                   false},
        o.accumulate);
  visit(
      OptionInfo{"freeze", "", train, "NAMES",
                 "parameters to leave as they are, by the beginnings of their names: g.main.0,d.main", false},
      o.freeze);
  visit(OptionInfo{"fresh-noise", "", train, "", "g's step draws noise of its own, not that of d's step",
                   false, from_noise},
        o.resample_noise);
  visit(
      OptionInfo{"overfit-one-batch", "", train, "", "train on the first batch only: a sanity check", false},
      o.overfit_one_batch);

  visit(OptionInfo{"n-critic", "", stable, "N", "updates of the discriminator for one of the generator",
                   false, adversarial},
        o.n_critic);
  visit(OptionInfo{"gp", "--lambda-gp", stable, "X",
                   "weight of the gradient penalty between real and fake (0: off; 10 for wgan-gp)", false,
                   adversarial},
        o.lambda_gp);
  visit(OptionInfo{"r1", "--gamma", stable, "X",
                   "weight of the gradient penalty on real pictures, half the squared norm (0: off)", false,
                   adversarial},
        o.r1);
  visit(
      OptionInfo{"r1-every", "", stable, "N",
                 "steps from one such penalty to the next, which counts for all of them", false, adversarial},
      o.r1_interval);
  visit(OptionInfo{"clip-weights", "", stable, "X",
                   "the discriminator's weights are kept in [-X, X] (0: off; 0.01 for wgan)", false,
                   adversarial},
        o.clip_weights);
  visit(OptionInfo{"sn", "", stable, "", "spectral norm in every layer of the discriminator", false,
                   adversarial},
        o.spectral_norm);
  visit(OptionInfo{"label-smooth", "", stable, "X", "real pictures get the label 1 - X", false, adversarial},
        o.label_smoothing);
  visit(OptionInfo{"g-label", "", stable, "RULE",
                   "what the generator wants its pictures to be taken for: real, or random labels in [0, 1]",
                   false, adversarial},
        o.generator_target);
  visit(OptionInfo{"d-noise", "", stable, "X", "noise of this spread on what the discriminator sees", false,
                   adversarial},
        o.instance_noise);
  visit(OptionInfo{"diffaugment", "", stable, "PARTS",
                   "color,translation,cutout: random changes to what the discriminator sees, for small sets",
                   false, adversarial},
        o.diffaugment);
  visit(OptionInfo{"feature-matching", "", stable, "X",
                   "weight of the distance between the discriminator's mean features of real and fake", false,
                   adversarial},
        o.feature_matching);
  visit(OptionInfo{"minibatch-discrimination", "", stable, "N",
                   "features that tell the discriminator how alike a batch is (0: off)", false, adversarial},
        o.minibatch_discrimination);
  visit(OptionInfo{"historical-averaging", "", stable, "X",
                   "weight of the squared distance of parameters from their average so far", false,
                   adversarial},
        o.historical_averaging);
  visit(OptionInfo{"vbn", "", stable, "",
                   "virtual batch norm in the generator: statistics of a reference batch and the sample",
                   false, "gan-reshape gan-conv autoencoder-gan dcgan wgan wgan-gp infogan"},
        o.virtual_batch_norm);
  visit(OptionInfo{"diversity", "", stable, "X",
                   "weight of a loss against alike pictures from different noise", false, from_noise},
        o.mode_seeking);
  visit(OptionInfo{"latent", "", stable, "KIND", "noise: normal, uniform, or gmm:K, a mixture of K normals",
                   false, from_noise},
        o.latent);
  visit(OptionInfo{"lambda-info", "", train, "X", "weight of the codes' loss", false, coded}, o.lambda_info);

  visit(OptionInfo{"log-every", "--print-freq", out, "N", "steps between lines of stats.jsonl", true},
        o.log_every);
  visit(
      OptionInfo{"sample-every", "--display-freq", out, "N", "steps between sample sheets (0: never)", true},
      o.sample_every);
  visit(OptionInfo{"save-every", "--save-latest-freq", out, "N",
                   "steps between full checkpoints (0: only at the end)", true},
        o.save_every);
  visit(OptionInfo{"save-every-epoch", "", out, "", "also keep the networks of every epoch", true},
        o.save_every_epoch);
  visit(OptionInfo{"keep", "", out, "N", "how many full checkpoints to keep, besides step 0", true}, o.keep);
  visit(OptionInfo{"dump-batches", "", out, "DIR",
                   "write the inputs of every logged step to DIR/STEP.safetensors", true},
        o.dump_batches);

  visit(OptionInfo{"seed", "--manualSeed,--manual-seed", machine, "N", "everything random follows from it",
                   false},
        o.seed);
  visit(OptionInfo{"device", "", machine, "NAME",
                   "cpu, ref (slow), cuda, or emu (the CUDA kernels on the host)", true},
        o.device);
  visit(
      OptionInfo{"precision", "", machine, "TYPE",
                 "auto (tf32 on cuda, else f32), f32, 3xtf32, tf32 (cuda), bf16 (mixed) or f64 (ref)", false},
      o.precision);
  visit(OptionInfo{"threads", "", machine, "N", "threads of the CPU kernels (0: all)", true}, o.threads);
  visit(OptionInfo{"kernels", "", machine, "NAME",
                   "convolution on the CPU by auto (the fastest known), own, or onednn", false},
        o.kernels);
  visit(OptionInfo{"exact", "", machine, "",
                   "no Winograd, whose error is about twice the direct form's: slower", false},
        o.no_winograd);
  visit(OptionInfo{"plan", "", machine, "FILE",
                   "convolution on the CPU as sumi tune found it fastest; kept in the checkpoints", true},
        o.conv_plan);
  visit(OptionInfo{"no-graph", "", machine, "",
                   "on a CUDA device, submit every step anew instead of replaying a captured one", true},
        o.no_cuda_graph);
  visit(OptionInfo{"check", "", machine, "", "test every result for NaN and infinity, and name the op", true},
        o.detect_anomaly);
}

// The defaults of a model's own recipe. Throws Error listing the models for an unknown name.
TrainOptions default_options(const std::string& model);

// Whether all pictures of a run have the same height and width, whatever the folders hold.
bool pictures_have_one_size(const TrainOptions& options);

// How many pictures of each domain a step takes: as many batches as it has updates and parts of them.
std::int64_t pictures_per_step(const TrainOptions& options);

// Of activations inside networks and what meets them there; and of all else: parameters, losses, pictures.
DType activations_of(const TrainOptions& options);
DType dtype_of(const TrainOptions& options);

// A precision that the options' device has not becomes auto: another device was asked for than the file says. True if so.
bool fit_precision(TrainOptions& options);

// Throws Error naming the option, its value and what is allowed.
void validate(const TrainOptions& options);

nlohmann::ordered_json to_json(const TrainOptions& options);
// Overwrites the members that `json` names. Unknown names and wrong types are Errors that say `where` they
// stand.
void update_from_json(TrainOptions& options, const nlohmann::ordered_json& json, const std::string& where);
// Reads a --config file: a JSON object (a run's options.json fits), or lines `name = value` with # comments.
void update_from_config(TrainOptions& options, const std::string& path);

}  // namespace sumi
