#include "tools/cli/peer_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/registry.h"

namespace sumi::cli {
namespace {

struct Spelling {
  const char *option, *spellings;
};

constexpr std::array<Spelling, 8> kTaken{{{"batch-size", ",--batchSize"},
                                          {"load-size", ",--loadSize"},
                                          {"crop-size", ",--fineSize"},
                                          {"workers", ",--nThreads"},
                                          {"epochs-decay", ",--niter-decay,--niter_decay"},
                                          {"direction", ",--which-direction,--which_direction"},
                                          {"net-g", ",--which-model-netG,--which_model_netG"},
                                          {"n-layers-d", ",--n-layers-D,--n_layers_D"}}};

struct Answer {
  const char *words, *text;  // without dashes in front, blanks between
};

constexpr const char* kDevice = "here it is --device cpu or --device cuda";
constexpr const char* kPatch =
    "the discriminator looks at patches, and its depth is --n-layers-d; leave it out";
constexpr const char* kInit = "to start from weights: --init CHECKPOINT (sumi import makes one of PyTorch's)";

constexpr std::array<Answer, 13> kTraining{{
    {"gpu-ids ngpu mps accel", kDevice},
    {"cuda", "here it is --device cuda"},
    {"input-nc output-nc", "here it is --channels 1 or 3, which both sides have"},
    {"continue-train", "to go on with a run: sumi train --resume RUN"},
    {"name checkpoints-dir", "here it is --outdir RUN, the run's folder"},
    {"model", "the model is the word behind train: sumi train cyclegan ..."},
    {"dataset dataset-mode phase", "what lies in --data is looked at; leave it out"},
    {"no-lsgan", "here it is --gan-mode vanilla"},
    {"serial-batches", "every pass has an order of its own; leave it out"},
    {"display-id display-winsize display-ncols display-server display-env display-port update-html-freq "
     "no-html verbose use-wandb wandb-project-name suffix",
     "sample sheets go to RUN/samples and curves to RUN/loss.png; leave it out"},
    {"save-epoch-freq save-by-iter", "here it is --save-every STEPS, or --save-every-epoch"},
    {"epoch epoch-count load-iter",
     "--resume counts on by itself, and --init CHECKPOINT takes other weights"},
    {"lr-decay-iters", "here it is --epochs-decay, with --lr-policy step"},
}};

constexpr std::array<Answer, 6> kUsing{{
    {"dataroot", "here it is -i, a picture or a folder"},
    {"results-dir outf", "here it is -o"},
    {"name checkpoints-dir netG", "here it is -m, a run or a checkpoint"},
    {"gpu-ids ngpu cuda", kDevice},
    {"num-test", "all pictures of -i are taken; generate draws -n of them"},
    {"model epoch phase preprocess load-size crop-size eval no-dropout norm",
     "the checkpoint knows; leave it out"},
}};

template <std::size_t n>
std::string found(const std::array<Answer, n>& answers, const std::string& word) {
  for (const Answer& answer : answers)
    if (fmt::format(" {} ", answer.words).find(" " + word + " ") != std::string::npos) return answer.text;
  return "";
}

// --netG and --netD are kinds of networks in one of the programs and files of weights in the other.
std::string about_networks(const std::string& model, const std::string& word) {
  const bool g = word == "netG" || word == "which-model-netG";
  if (!g && word != "netD" && word != "which-model-netD") return "";
  for (const ModelSpec* spec : model_specs())
    if (spec->name == model) return spec->generators.empty() || g ? kInit : kPatch;
  return "";
}

}  // namespace

std::string peer_spellings(const std::string& option) {
  for (const Spelling& s : kTaken)
    if (option == s.option) return s.spellings;
  return "";
}

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
