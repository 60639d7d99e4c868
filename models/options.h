// Every option of training, in one table: the command line, options.json, --config and --help are made from
// it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace sumi {

struct TrainOptions {
  std::string model;  // "gan", "dcgan", "cyclegan"

  // data
  std::string data;
  std::string data_a, data_b;  // of the two domains; empty: data/trainA and data/trainB
  std::string outdir;
  std::string cache;  // folder of packed data sets; empty: the user's cache folder
  int size = 64, channels = 3;
  int load_size = 286, crop_size = 256;
  std::string preprocess = "resize_and_crop";
  bool no_flip = false;
  std::int64_t max_items = 0;
  int workers = 2;

  // networks
  int nz = 100, ngf = 64, ndf = 64;
  std::string net_g = "resnet_9blocks", norm = "instance", upsample = "transpose";
  int n_blocks = 0, n_layers_d = 3;
  bool no_dropout = true;
  std::string init_type = "normal";
  double init_gain = 0.02;
  std::string init;  // a checkpoint whose weights to start from

  // training
  int batch_size = 64;
  std::int64_t steps = 0;  // of the whole run; 0: as `epochs` says
  double epochs = 25, epochs_decay = 0;
  std::string optimizer = "adam";
  double lr = 2e-4, lr_g = 0, lr_d = 0;  // lr_g and lr_d: 0 means lr
  double beta1 = 0.5, beta2 = 0.999, weight_decay = 0;
  std::string lr_policy = "constant";
  std::string gan_mode = "vanilla";
  double lambda_a = 10, lambda_b = 10, lambda_identity = 0.5;
  int pool_size = 50;
  double label_smooth = 0, clip_grad = 0, ema = 0;
  bool overfit_one_batch = false;

  // output
  std::int64_t log_every = 10, sample_every = 200, save_every = 1000;
  bool save_every_epoch = false;
  int keep = 2;
  std::string dump_batches;

  // machine
  std::uint64_t seed = 0;
  std::string device = "cpu", precision = "auto", kernels = "auto";
  bool exact = false;
  int threads = 0;
  std::string plan;
  bool no_graph = false;
  bool check = false;
};

// One row of the table.
struct OptionInfo {
  const char* name;         // kebab-case; the snake_case spelling is accepted too
  const char* aliases;      // peers' spellings, comma separated with their dashes, or ""
  const char* group;        // heading in --help
  const char* value;        // "N", "DIR", ...; "" for a flag
  const char* help;         // one line
  bool on_resume;           // may be given again with --resume
  const char* models = "";  // those that have it, separated by blanks; "": all
};

// Whether the model has the option.
bool applies(const OptionInfo& info, const std::string& model);

// Calls visit(OptionInfo, reference to the member) for every option, in the order of --help.
template <class Options, class Visit>
void visit_options(Options& o, Visit&& visit) {
  // Which models have an option.
  const char *from_noise = "gan dcgan", *translating = "cyclegan";
  const char *data = "Data", *nets = "Networks", *train = "Training", *out = "Output", *machine = "Machine";
  visit(
      OptionInfo{
          "data", "--dataroot", data, "DIR|FILE",
          "folder of pictures (searched through), or an idx.gz or .pack file; for cyclegan a folder with "
          "trainA and trainB in it",
          true},
      o.data);
  visit(OptionInfo{"data-a", "--photo", data, "DIR", "pictures of domain A (photographs)", true, translating},
        o.data_a);
  visit(OptionInfo{"data-b", "--style", data, "DIR", "pictures of domain B (drawings, paintings)", true,
                   translating},
        o.data_b);
  visit(OptionInfo{"outdir", "-o,--outf", data, "DIR", "run directory: checkpoints, samples, curves, log",
                   false},
        o.outdir);
  visit(OptionInfo{"cache", "", data, "DIR",
                   "where decoded data sets are kept (default: the user's cache folder)", true},
        o.cache);
  visit(OptionInfo{"size", "--image-size,--imageSize", data, "PX", "height and width of the pictures", false,
                   from_noise},
        o.size);
  visit(OptionInfo{"load-size", "", data, "PX", "pictures are first made this large ...", false, translating},
        o.load_size);
  visit(OptionInfo{"crop-size", "", data, "PX", "... and of that a square this large is cut at random", false,
                   translating},
        o.crop_size);
  visit(OptionInfo{"preprocess", "", data, "RULE",
                   "resize_and_crop, crop, scale_width, scale_width_and_crop or none", false, translating},
        o.preprocess);
  visit(OptionInfo{"channels", "--nc", data, "1|3", "grey or colour", false}, o.channels);
  visit(OptionInfo{"no-flip", "", data, "", "do not mirror pictures at random", false}, o.no_flip);
  visit(OptionInfo{"max-items", "--subset,--max-dataset-size", data, "N",
                   "use only the first N pictures (0: all)", false},
        o.max_items);
  visit(OptionInfo{"workers", "--num-threads,--num-workers", data, "N",
                   "threads that prepare batches (0: none); same results for any N", true},
        o.workers);

  visit(OptionInfo{"nz", "", nets, "N", "length of the noise vector", false, from_noise}, o.nz);
  visit(OptionInfo{"net-g", "--netG", nets, "NAME", "resnet_9blocks, resnet_6blocks, unet_128 or unet_256",
                   false, translating},
        o.net_g);
  visit(OptionInfo{"n-blocks", "", nets, "N", "residual blocks of a resnet (0: as its name says)", false,
                   translating},
        o.n_blocks);
  visit(OptionInfo{"ngf", "", nets, "N", "width of the generator", false}, o.ngf);
  visit(OptionInfo{"ndf", "", nets, "N", "width of the discriminator", false}, o.ndf);
  visit(OptionInfo{"n-layers-d", "", nets, "N", "depth of the patch discriminator", false, translating},
        o.n_layers_d);
  visit(OptionInfo{"norm", "", nets, "KIND", "instance or batch", false, translating}, o.norm);
  visit(OptionInfo{"no-dropout", "", nets, "", "no dropout in the generators", false, translating},
        o.no_dropout);
  visit(OptionInfo{"upsample", "", nets, "RULE",
                   "transpose, or nearest or bilinear with a convolution (no chequerboard)", false,
                   translating},
        o.upsample);
  visit(OptionInfo{"init-type", "", nets, "RULE", "normal, xavier, xavier-uniform, kaiming or orthogonal",
                   false},
        o.init_type);
  visit(OptionInfo{"init-gain", "", nets, "X", "spread of the initial weights", false}, o.init_gain);
  visit(OptionInfo{"init", "--load", nets, "CHECKPOINT",
                   "start from these weights (fine-tuning); optimiser starts anew", false},
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
  visit(OptionInfo{"lr-g", "--glr", train, "X", "the generator's own rate (0: --lr)", false}, o.lr_g);
  visit(OptionInfo{"lr-d", "--dlr", train, "X", "the discriminator's own rate (0: --lr)", false}, o.lr_d);
  visit(OptionInfo{"beta1", "", train, "X", "Adam's first decay", false}, o.beta1);
  visit(OptionInfo{"beta2", "", train, "X", "Adam's second decay, and RMSProp's only one", false}, o.beta2);
  visit(OptionInfo{"weight-decay", "", train, "X",
                   "shrinks the weights; added to the gradient, by adamw taken from the weights themselves",
                   false},
        o.weight_decay);
  visit(OptionInfo{"lr-policy", "", train, "RULE", "constant, linear, step or cosine", false}, o.lr_policy);
  visit(OptionInfo{"gan-mode", "", train, "LOSS", "vanilla, saturating or lsgan", false}, o.gan_mode);
  visit(
      OptionInfo{"lambda-a", "--lambda-A", train, "X", "weight of the cycle A to B to A", false, translating},
      o.lambda_a);
  visit(
      OptionInfo{"lambda-b", "--lambda-B", train, "X", "weight of the cycle B to A to B", false, translating},
      o.lambda_b);
  visit(OptionInfo{"lambda-identity", "", train, "X",
                   "weight of leaving a domain's own pictures as they are, times --lambda-a or -b", false,
                   translating},
        o.lambda_identity);
  visit(OptionInfo{"pool-size", "", train, "N",
                   "drawn pictures kept to show the discriminators again (0: off)", false, translating},
        o.pool_size);
  visit(OptionInfo{"label-smooth", "", train, "X", "real pictures get the label 1 - X", false},
        o.label_smooth);
  visit(
      OptionInfo{"clip-grad", "", train, "X", "largest global norm of a network's gradient (0: off)", false},
      o.clip_grad);
  visit(OptionInfo{"ema", "", train, "X", "keep a running average of g with this decay, e.g. 0.999 (0: off)",
                   false},
        o.ema);
  visit(
      OptionInfo{"overfit-one-batch", "", train, "", "train on the first batch only: a sanity check", false},
      o.overfit_one_batch);

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
  visit(OptionInfo{"precision", "", machine, "TYPE", "auto, f32, or f64 (ref only)", false}, o.precision);
  visit(OptionInfo{"threads", "", machine, "N", "threads of the CPU kernels (0: all)", true}, o.threads);
  visit(OptionInfo{"kernels", "", machine, "NAME",
                   "convolution on the CPU by auto (the fastest known), own, or onednn", false},
        o.kernels);
  visit(OptionInfo{"exact", "", machine, "",
                   "no Winograd, whose error is about twice the direct form's: slower", false},
        o.exact);
  visit(OptionInfo{"plan", "", machine, "FILE",
                   "convolution on the CPU as sumi tune found it fastest; kept in the checkpoints", true},
        o.plan);
  visit(OptionInfo{"no-graph", "", machine, "",
                   "on a CUDA device, submit every step anew instead of replaying a captured one", true},
        o.no_graph);
  visit(OptionInfo{"check", "", machine, "", "test every result for NaN and infinity, and name the op", true},
        o.check);
}

// The defaults of a model's own recipe. Throws Error listing the models for an unknown name.
TrainOptions default_options(const std::string& model);

// Whether all pictures of a run have the same height and width, whatever the folders hold.
bool pictures_have_one_size(const TrainOptions& options);

// Throws Error naming the option, its value and what is allowed.
void validate(const TrainOptions& options);

nlohmann::ordered_json to_json(const TrainOptions& options);
// Overwrites the members that `json` names. Unknown names and wrong types are Errors that say `where` they
// stand.
void update_from_json(TrainOptions& options, const nlohmann::ordered_json& json, const std::string& where);
// Reads a --config file: a JSON object (a run's options.json fits), or lines `name = value` with # comments.
void update_from_config(TrainOptions& options, const std::string& path);

}  // namespace sumi
