#include "tools/cli/peer_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/registry.h"
#include "models/settings.h"

namespace sumi::cli {
namespace {

struct Answer {
  const char *words, *text;  // without leading dashes, separated by blanks
};

constexpr const char* kDevice = "use --device cpu or --device cuda";
constexpr const char* kPatch = "discriminators score patches, with --n-layers-d layers; leave it out";
constexpr const char* kInit =
    "to start from weights, use --init CHECKPOINT (sumi import makes one from PyTorch weights)";

constexpr std::array<Answer, 18> kTraining{{
    {"gpu-ids gpu gpus ngpu mps accel", kDevice},
    {"cuda", "use --device cuda"},
    {"input-nc output-nc img-ch", "use --channels 1 or 3, for both input and output"},
    {"continue-train new", "to continue a run, use sumi train --resume RUN"},
    {"name checkpoints-dir checkpoint-dir results-dir models-dir log-dir sample-dir",
     "use --outdir RUN, the directory of the run"},
    {"model", "the model is the word after train: sumi train cyclegan ..."},
    {"dataset", "--data names the images, and their format is detected; leave it out"},
    {"dataset-mode phase", "the layout of --data is detected; leave it out"},
    {"no-lsgan", "use --gan-mode vanilla"},
    {"lambda-cyc", "use --lambda-a and --lambda-b"},
    {"serial-batches", "every epoch has its own random order; leave it out"},
    {"display-id display-winsize display-ncols display-server display-env display-port update-html-freq "
     "no-html verbose use-wandb wandb-project-name suffix",
     "sample sheets go to RUN/samples and curves to RUN/loss.png; leave it out"},
    {"save-epoch-freq save-by-iter checkpoint-interval save-freq snap",
     "use --save-every STEPS or --save-every-epoch"},
    {"epoch epoch-count load-iter",
     "--resume continues the count, and --init CHECKPOINT loads other weights"},
    {"lr-decay-iters decay-epoch", "use --epochs-decay, with --lr-policy step or linear"},
    {"kimg", "use --steps or --epochs"},
    {"load-from pretrained-name", kInit},
    {"amp fp16", "use --precision bf16"},
}};

constexpr std::array<Answer, 6> kUsing{{
    {"dataroot", "use -i, an image or a folder"},
    {"results-dir outf", "use -o"},
    {"name checkpoints-dir netG", "use -m, a run or a checkpoint"},
    {"gpu-ids ngpu cuda", kDevice},
    {"num-test", "convert takes all images of -i, and generate makes -n images"},
    {"model epoch phase preprocess load-size crop-size eval no-dropout norm",
     "the checkpoint holds this setting; leave it out"},
}};

template <std::size_t n>
std::string found(const std::array<Answer, n>& answers, const std::string& word) {
  for (const Answer& answer : answers)
    if (fmt::format(" {} ", answer.words).find(" " + word + " ") != std::string::npos) return answer.text;
  return "";
}

// --netG and --netD are kinds of networks in one of the programs and weight files in another.
std::string about_networks(const std::string& model, const std::string& word) {
  const bool g = word == "netG" || word == "which-model-netG";
  if (!g && word != "netD" && word != "which-model-netD") return "";
  for (const ModelSpec* spec : model_specs())
    if (spec->name == model) return g || !option_table(model).has("net-g") ? kInit : kPatch;
  return "";
}

}  // namespace

std::string peer_text(const std::string& command, const std::string& word) {
  std::string name = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  std::replace(name.begin(), name.end(), '_', '-');
  const bool training = command.starts_with("sumi train"),
             use = command == "sumi convert" || command == "sumi generate";
  std::string text;
  if (training) text = found(kTraining, name);
  if (training && text.empty()) text = about_networks(command.substr(command.rfind(' ') + 1), name);
  if (use) text = found(kUsing, name);
  return text.empty() ? "" : fmt::format("unknown option {}; {}", word, text);
}

}  // namespace sumi::cli
