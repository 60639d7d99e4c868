// sumi evaluate: scores of a model, of a folder of images, or of a drawn clip; votes of people.
#include <fmt/format.h>

#include <memory>

#include "tools/evaluate_arguments.h"

namespace sumi::cli {
namespace {

void check(const EvaluateArguments& args) {
  const std::string name = command_name(args.app);
  check_range(args.app, "--count", args.count, 2, 100'000);
  check_range(args.app, "--pairs", args.pairs, 1, 1000);
  if (args.size != 0) check_range(args.app, "--size", args.size, 16, 1024);
  if (args.size != 0 && !args.model.empty())
    throw UsageError(name, "--size is for --images; a model is judged at the size that it was trained for");
  if (!args.pools.empty() && args.pools != "torch" && args.pools != "fid")
    throw UsageError(name, "--inception-pools is torch or fid");
  if (!args.model.empty() && !args.images.empty())
    throw UsageError(name, "-m and --images name two things to judge; give one, or the second as --against");
  args.machine.check();
}

int run_evaluate(const EvaluateArguments& args) {
  if (!args.votes.empty()) return evaluate_votes(args);
  if (!args.clip.empty() || (args.model.empty() && args.images.empty() && !args.source.empty()))
    return evaluate_clip(args);
  if (args.model.empty() && args.images.empty())
    throw UsageError(
        command_name(args.app),
        "-m takes a run or a checkpoint, --images a folder; --clip is for clips, --votes for votes");
  check(args);
  return evaluate_images(args);
}

void add_image_options(CLI::App& app, EvaluateArguments& args) {
  add_text(app, "-m,--model", args.model, "RUN|CHECKPOINT",
           "a run directory (its newest checkpoint) or a file of weights")
      ->group("Images");
  add_net_key(app, args.net_key)->group("Images");
  app.add_flag("--no-ema,--no_ema,--raw", args.raw, "use the last weights instead of their moving average")
      ->group("Images");
  add_text(app, "--images", args.images, "DIR", "judge these images instead of a model's")->group("Images");
  add_text(app, "--data", args.data, "DIR|FILE",
           "real images: of training; of a translation the target domain, or a folder with trainA and trainB")
      ->group("Images");
  add_text(app, "--held-out", args.held_out, "DIR", "real images that training has not seen")
      ->group("Images");
  add_text(app, "--direction", args.direction, "NAME", "AtoB or BtoA, of a model that has both")
      ->group("Images");
  add_whole(app, "-n,--count", args.count, "N", "images to generate or translate")->group("Images");
  add_whole(app, "--size", args.size, "PX", "side of the squares of --images (0: their own, or 64)")
      ->group("Images");
  add_text(app, "--seed", args.seed, "N", "everything random follows from it")
      ->default_str("0")
      ->group("Images");
  add_text(app, "--cache", args.cache, "DIR", "folder for decoded images (default: the user's cache folder)")
      ->group("Images");
  add_text(app, "--features,--feature-network", args.features, "builtin|FILE|RUN",
           "sumi's own network, one of sumi train classifier, VGG19, or Inception v3 (.pth or safetensors)")
      ->default_str("builtin")
      ->group("Features");
  add_text(app, "--inception-pools", args.pools, "torch|fid",
           "pooling of the Inception v3 weights (default: fid for a file of 1008 classes, else torch)")
      ->group("Features");
}

void add_output_options(CLI::App& app, EvaluateArguments& args) {
  app.add_flag("--json", args.json, "print JSON")->group("Output");
  add_text(
      app, "--sheet", args.sheet, "FILE",
      "write a sheet of the samples beside their nearest training images; of a translation beside the inputs")
      ->group("Output");
  add_text(app, "--human-sheet", args.human_sheet, "FILE",
           "write a page of blind pairs for people to vote on, against --against or the real images")
      ->group("People");
  add_whole(app, "--pairs", args.pairs, "N", "pairs of the page")->group("People");
  app.add_option("--votes", args.votes, "votes that the page saved; of several people several files")
      ->type_name("FILE...")
      ->group("People");
}

void add_clip_options(CLI::App& app, EvaluateArguments& args) {
  add_text(app, "--clip", args.clip, "FILE", "a drawn clip")->group("Clips");
  add_text(app, "--source", args.source, "FILE|DIR",
           "the clip that it was drawn from; of a translation its inputs, of --images those that they were "
           "made from")
      ->group("Clips");
  add_text(app, "--against", args.against, "FILE|RUN|DIR",
           "the clip drawn frame by frame; for --human-sheet another model or folder")
      ->group("Clips");
  add_text(app, "--start", args.start, "TIME", "of the drawn part in the source (0)")->group("Clips");
  add_whole(app, "--frames", args.frames, "N", "the first N frames (0: all)")->group("Clips");
}

}  // namespace

Command add_evaluate(CLI::App& parent) {
  auto args = std::make_shared<EvaluateArguments>();
  CLI::App& app =
      *parent.add_subcommand("evaluate", "Score a model, images or a clip; count people's votes.");
  args->app = &app;
  set_help(
      app,
      "evaluate -m RUN|CHECKPOINT --data DIR [options]\nevaluate --images DIR --data DIR [options]\n"
      "evaluate --clip DRAWN --source CLIP [--against FRAMEWISE] [options]\nevaluate --votes FILE...",
      "  sumi evaluate -m run --data photos                        scores of the newest checkpoint\n"
      "  sumi evaluate -m run --data photos --sheet near.png       is it memorized?\n"
      "  sumi evaluate -m new --against old --human-sheet pairs.html\n"
      "  sumi evaluate --votes votes.json\n"
      "  sumi evaluate --clip drawn.mp4 --source clip.mp4 --against by-frame.mp4\n",
      "Scores on sumi's own features compare models of one data set; they are not FID, KID or Inception "
      "score, "
      "which need the weights of that Inception network as --features. Clips: the warping error is the mean "
      "difference of a frame to the one before it, brought along the source's optical flow where that is "
      "sure; "
      "sharpness the variance of the Laplacian; change the mean difference of neighboring frames.");
  add_image_options(app, *args);
  add_clip_options(app, *args);
  add_output_options(app, *args);
  args->machine.add(app);
  return {&app, [args]() { return run_evaluate(*args); }};
}

}  // namespace sumi::cli
