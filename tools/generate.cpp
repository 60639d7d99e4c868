// sumi generate: new images, and interpolations between them.
#include <fmt/format.h>

#include <memory>

#include "engine/error.h"
#include "models/inference/exported.h"
#include "models/training/class_labels.h"
#include "models/training/image_grid.h"
#include "tools/cli/cli.h"
#include "tools/cli/runtime_options.h"
#include "tools/image_output.h"
#include "tools/latent_interpolation.h"
#include "tools/latent_seeds.h"

namespace sumi::cli {
namespace {

constexpr std::int64_t kBatch = 64;                     // images in memory as floats at once
constexpr std::int64_t kMostSheetPixels = 400'000'000;  // limit of image formats and memory

struct GenerateArguments {
  CLI::App* app = nullptr;
  std::string model, net_key, output, seed = "0", seeds, one_class;
  RuntimeOptions machine;
  std::int64_t count = 64, columns = 0, frames = 0, scale = 1, fps = 12;
  double truncation = 1;
  bool raw = false, quiet = false;
};

void check(const GenerateArguments& args) {
  const std::string name = command_name(args.app);
  require_text(args.app, "--model", args.model, "-m takes a run directory or a checkpoint");
  require_text(args.app, "--output", args.output,
               "-o takes an image (sheet.png), a folder, or a pattern ({}.png)");
  check_range(args.app, "--count", args.count, 1, 1'000'000);
  check_range(args.app, "--columns", args.columns, 0, 100'000);
  check_range(args.app, "--interpolate", args.frames, 0, 100'000);
  check_range(args.app, "--scale", args.scale, 1, 64);
  check_range(args.app, "--fps", args.fps, 1, 60);
  args.machine.check();
  if (!(args.truncation >= 0 && args.truncation <= 2))
    throw UsageError(name, "--truncation takes a number from 0 (the mean) to 2");
  if (args.frames > 0 && args.count < 2)
    throw UsageError(name, "--interpolate needs at least two seeds; give -n 2 or more");
}

int run_generate(GenerateArguments args) {
  const std::uint64_t seed = parse_seed(args.app, "--seed", args.seed);
  std::vector<std::uint64_t> list;
  if (!args.seeds.empty()) list = parse_seed_list(args.app, args.seeds);
  if (!list.empty()) args.count = static_cast<std::int64_t>(list.size());
  check(args);
  const std::int64_t steps = args.frames + 1;
  // By the name; .webp is one image without --interpolate.
  const bool clip = args.frames > 0 && ImageSink::is_clip(args.output);
  const std::int64_t frames = walk_length(args.count, args.frames, clip ? WalkShape::loop : WalkShape::path);
  const ImagePath path(args.output, frames);
  clip ? ImageSink::check_clip(args.output) : path.prepare();
  args.machine.apply();
  const OpenedModel opened =
      open_model(args.model, args.machine.device, args.machine.precision, args.net_key);
  if (!args.quiet && !opened.recognized.empty()) fmt::print("{}\n", opened.recognized);
  const std::unique_ptr<Model>& model = opened.model;
  const TrainOptions& options = opened.options;
  const int only = args.one_class.empty() ? Model::kEveryClass : class_number(options, args.one_class);
  const Tensor seeds =
      list.empty() ? noise_of_seed(*model, seed, args.count, only) : noise_of_seeds(*model, list, only);
  const bool rows = !path.numbered() && !clip;
  const std::int64_t total = rows ? walk_length(args.count, args.frames, WalkShape::rows) : frames;
  const std::int64_t width = options.size.width * args.scale, height = options.size.height * args.scale;
  if (rows && total * width * height > kMostSheetPixels)
    fail(
        "write " + args.output,
        fmt::format("a sheet of {} images is too large; give a folder or a pattern such as {{}}.png", total));

  Shape shape = seeds.shape();
  const auto nz = static_cast<std::size_t>(shape.h * shape.w * shape.c);
  const WalkShape form = clip ? WalkShape::loop : rows ? WalkShape::rows : WalkShape::path;
  std::vector<float> noise = noise_walk(seeds.to_vector<float>(), nz, args.frames, form);
  truncate(noise, nz, static_cast<std::size_t>(options.nz), args.truncation);
  ImageSink sink(path, {static_cast<int>(width), static_cast<int>(height)},
                 clip ? static_cast<int>(args.fps) : 0);
  for (std::int64_t first = 0; first < total; first += kBatch) {
    shape.n = std::min(kBatch, total - first);
    const auto begin = noise.begin() + first * static_cast<std::int64_t>(nz);
    const std::vector<float> part(begin, begin + shape.count());
    const Tensor drawn = model->generate(Tensor::from(part, shape, seeds.dtype(), seeds.device()), args.raw);
    for (const Image8& picture : to_images(drawn)) sink.write(enlarge(picture, static_cast<int>(args.scale)));
  }
  const std::int64_t columns = args.columns > 0 ? args.columns : args.frames > 0 ? steps + 1 : 0;
  sink.finish(static_cast<int>(columns));
  if (!args.quiet) fmt::print("{}: {} images of {}x{}\n", path.describe(total), total, width, height);
  return 0;
}

}  // namespace

Command add_generate(CLI::App& parent) {
  auto args = std::make_shared<GenerateArguments>();
  CLI::App& app = *parent.add_subcommand("generate", "Generate images with a trained model.");
  args->app = &app;
  set_help(app, "generate -m RUN|CHECKPOINT -o OUT [options]",
           "  sumi generate -m run -n 64 --seed 7 -o sheet.png           one sheet of 64\n"
           "  sumi generate -m run -n 500 -o images/                   500 files\n"
           "  sumi generate -m run -n 8 --interpolate 10 -o path.png     a row between each two seeds\n"
           "  sumi generate -m run -n 8 --interpolate 11 -o walk.mp4     a clip (also gif, webp, webm, ...)\n"
           "  sumi generate -m run -n 8 --interpolate 30 -o 'f-{}.png'   frames of a clip\n",
           "The same model and seed give the same images; image K does not depend on -n.");
  add_text(app, "-m,--model", args->model, "RUN|CHECKPOINT",
           "a run directory (its newest checkpoint) or a file of weights")
      ->group("Model");
  add_net_key(app, args->net_key)->group("Model");
  app.add_flag("--no-ema,--no_ema,--raw", args->raw, "use the last weights instead of their EMA")
      ->group("Model");
  add_text(app, "-o,--output", args->output, "OUT", "an image, or a folder or pattern for numbered images")
      ->group("Images");
  add_whole(app, "-n,--count", args->count, "N", "number of images (or of seeds to interpolate)")
      ->group("Images");
  add_text(app, "--class", args->one_class, "NAME",
           "generate only this class (default: all in a cycle); needs a model trained with --conditional")
      ->group("Images");
  add_text(app, "--seed", args->seed, "N", "seed of all random numbers")->default_str("0")->group("Images");
  add_text(app, "--seeds", args->seeds, "LIST",
           "image 0 of each of these seeds (3,17,40-42), instead of -n and --seed")
      ->group("Images");
  app.add_option("--truncation", args->truncation,
                 "factor of the noise: below 1 images are more typical and less varied")
      ->type_name("X")
      ->default_str("1")
      ->group("Images");
  add_whole(app, "--interpolate", args->frames, "K", "K images between each two seeds (0: none)")
      ->group("Images");
  add_whole(app, "--fps", args->fps, "N", "frame rate of an interpolation written as a clip")
      ->group("Images");
  add_whole(app, "--columns", args->columns, "N", "images per row of the sheet (0: nearly square)")
      ->group("Images");
  add_whole(app, "--scale", args->scale, "K", "enlarge K times, with sharp pixels")->group("Images");
  args->machine.add(app);
  add_quiet(app, args->quiet);
  return {&app, [args]() { return run_generate(*args); }};
}

}  // namespace sumi::cli
