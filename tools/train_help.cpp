#include "tools/train_help.h"

#include <fmt/format.h>

#include <cctype>

namespace sumi::cli {
namespace {

std::string capital(std::string text) {
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// The parts of the page that differ between models.
struct Page {
  const char *data, *data_usage, *batch, *small;
};
Page page_of(const ModelSpec& model) {
  if (model.requirements.packed)
    return {"--data-a photos --styles ink wash", "--data-a DIR --styles NAME[=TEACHER]...", "--steps 10000",
            "--styles ink wash"};
  if (model.requirements.paired)
    return {"--data pairs", "--data DIR", "--epochs 50 --epochs-decay 50",
            "--net-g unet_128 --load-size 143 --crop-size 128"};
  if (model.requirements.domains > 1)
    return {"--data-a photos --data-b paintings", "--data-a DIR --data-b DIR",
            "--epochs 50 --epochs-decay 50", "--load-size 143 --crop-size 128"};
  return {"--data images", "--data DIR|FILE", "--batch-size 32 --epochs 50", "--channels 1"};
}

}  // namespace

CLI::App& add_model_command(CLI::App& train, const ModelSpec& info) {
  CLI::App& app =
      *train.add_subcommand(info.name, capital(fmt::format("{} ({}).", info.summary, info.reference)));
  for (const FormerName& former : info.former_names)
    if (*former.option == 0) app.alias(former.name);
  const Page page = page_of(info);
  set_help(
      app, fmt::format("train {} {} --outdir RUN [options]", info.name, page.data_usage),
      fmt::format("  sumi train {0} {1} --outdir run\n"
                  "  sumi train {0} {1} --outdir run {2}\n"
                  "  sumi train {0} {3} --dry-run\n",
                  info.name, page.data, page.batch, page.small),
      "Names may also be written with _, and other projects' spellings are accepted: --dataroot, --outf, "
      "--imageSize, --niter, --manualSeed, ... A file for --config has lines `name = value`, or is a run's "
      "options.json; the command line takes precedence.");
  return app;
}

const char* data_wanted(const TrainOptions& options) {
  return model_spec(options.model).requirements.paired
             ? "a folder of pairs, or give --data-a and --data-b; with --task a folder of any images"
         : domains_of(options) > 1 ? "a folder with trainA and trainB, or give --data-a and --data-b"
                                   : "a folder of images or an idx.gz file";
}

}  // namespace sumi::cli
