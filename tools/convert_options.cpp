#include "tools/convert_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "engine/image/image_formats.h"

namespace sumi::cli {

void ConvertArguments::add_options(CLI::App& command) {
  app = &command;
  set_help(command, "convert -i FILE|DIR... -o FILE|DIR [--style NAME | -m RUN|CHECKPOINT] [options]",
           "  sumi convert -i photo.jpg -o comic.png                       flat colors and ink lines\n"
           "  sumi convert --style wash -i photos -o painted               a folder, as watercolors\n"
           "  sumi convert --sheet -i photo.jpg -o styles.png              all styles on one sheet\n"
           "  sumi convert -m run -i photo.jpg -o painted.png              by a trained model\n"
           "  sumi convert -m run -i *.jpg -o painted/ -f png              many images\n"
           "  sumi convert -m run --direction BtoA -i a.png -o b.png       the other way\n"
           "  sumi convert -i photo.jpg -o comic.html --compare slider     before and after, as a page\n"
           "  curl -s URL | sumi convert -i - -o - > comic.png             in a pipe\n",
           "An image keeps its size, and its transparency and 16 bits where the format can hold them. It is "
           "turned upright and converted to sRGB. EXIF data (author, copyright, dates, camera, place) and "
           "the resolution are copied (" +
               writable_names("and", &ImageFormat::metadata) +
               "), without maker notes and thumbnail. Images that cannot be converted are reported by name; "
               "the others are converted.");
  style.add_options(command);
  comic.add_options(command);
  command
      .add_flag(both_spellings("--keep-color"), keep_color,
                "keep the photograph's colors; take the lightness from the result")
      ->group("Style");
  command
      .add_flag(both_spellings("--match-brightness"), match_brightness,
                "give the result the photograph's mean brightness, by a tone curve")
      ->group("Style");
  command
      .add_flag("-x,--tta", tta,
                "mean of the results for the eight mirrored and rotated versions of the image; eight times "
                "the work")
      ->group("Style");
  add_text(command, "-m,--model", model, "RUN|CHECKPOINT",
           "a run directory (its newest checkpoint), a file of weights, or an ONNX or ncnn network")
      ->group("Model");
  add_net_key(command, net_key)->group("Model");
  add_text(command, "--direction", direction, "AtoB|BtoA",
           "direction of translation (default: the model's first)")
      ->group("Model");
  command.add_flag("--no-ema,--no_ema,--raw", raw, "use the last weights instead of their EMA")
      ->group("Model");
  add_text(command, "--gate", gate, "auto|require|off",
           "auto: images that are in the style already, by the model's gate, pass through unchanged; "
           "require: images outside the input domain are also refused (exit code 3); off: all are converted")
      ->default_str("auto")
      ->group("Model");
  imported.add_options(command);
  command.add_flag("--judge", judge, "print the discriminator's verdict on each result")->group("Model");
  command
      .add_option("-i,--input", request.inputs,
                  "images, folders to search, and - for standard input; NAME=VALUES for a further input of "
                  "an ONNX network: numbers in order, one for all, or INDEX:NUMBER")
      ->type_name("FILE|DIR")
      ->group("Images");
  add_text(command, "-o,--output", request.output, "FILE|DIR",
           "an image, a folder (it exists, ends in /, or there are several inputs), or - for standard output")
      ->group("Images");
  add_text(command, "-f,--format,--ext", request.format, "TYPE",
           fmt::format("format of files in a folder: {} (default: the input's)", writable_names()))
      ->group("Images");
  add_text(command, "--suffix", request.suffix, "TEXT", "appended to each name in a folder: -painted")
      ->group("Images");
  add_text(command, "--mask", request.mask, "FILE|DIR",
           "mask as large as the image, or a folder with one for each image, of the same name: the result is "
           "applied where the mask is white; for models that fill holes, white marks the holes (default: "
           "transparent pixels)")
      ->group("Images");
  add_whole(command, "--quality", quality, "N",
            fmt::format("quality of {}, 1 to 100", writable_names("and", &ImageFormat::quality)))
      ->group("Images");
  add_whole(command, "--max-size", max_size, "PX",
            "first shrink images whose longer side is larger (0: no limit)")
      ->group("Images");
  add_text(command, "--compare", compare, "h|v|slider",
           "write the input beside (h) or above (v) the result, or an HTML page with a slider")
      ->group("Images");
  command.add_flag("--json", json, "print a JSON object for each image instead of text")->group("Images");
  command.add_flag("--strip", strip, "omit EXIF data and the resolution from the results")->group("Images");
  command.add_flag("--skip-existing,--skip_existing", request.skip_existing, "keep existing files")
      ->group("Images");
  command.add_flag("--overwrite", overwrite, "replace existing files (the default)")
      ->excludes("--skip-existing")
      ->group("Images");
  command.add_flag("-r,--recursive", recursive, "folders are always searched recursively")->group(kHidden);
  command.add_flag("--dry-run,--dry_run", dry_run, "list the output files without converting")
      ->group("Images");
  clip.add_options(command);
  machine.add(command);
  add_text(command, "-j,--jobs", jobs, "N|L:P:S",
           "images loaded, computed and saved at the same time (1:1:1; N is N:1:N)")
      ->group("Machine");
  add_text(command, "-g,--gpu,--gpu-id", gpu, "ID", "-1: the CPU")->group(kHidden);
  add_text(command, "--max-memory", memory, "GIB", "memory limit for one image (0: the available memory)")
      ->default_str("0")
      ->group("Machine");
  add_whole(command, "--tile", tile, "PX",
            "run a model in square tiles of this side, with the result of the whole image (0: whole if that "
            "fits in memory, else the largest tiles that fit)")
      ->group("Machine");
  add_text(command, "--tile-statistics", tile_statistics, "auto|exact|sampled",
           "statistics of norms in tiles: exact, of the whole image, with scratch files in TMPDIR; or "
           "sampled, from a version of 4 megapixels (auto: exact up to 32 GiB)")
      ->default_str("auto")
      ->group("Machine");
  screen.add(command);
}

void ConvertArguments::add_drawing_options(CLI::App& command, const char* model_help) {
  app = &command;
  style.add_options(command);
  command.remove_option(command.get_option("--sheet"));
  comic.add_options(command);
  add_text(command, "-m,--model", model, "RUN|CHECKPOINT", model_help)->group("Model");
  add_text(command, "--direction", direction, "AtoB|BtoA",
           "direction of translation (default: the model's first)")
      ->group("Model");
  command.add_flag("--no-ema", raw, "use the last weights instead of their EMA")->group("Model");
  machine.add(command);
  screen.add(command);
}

void ConvertArguments::check() {
  const std::string name = command_name(app);
  style.check(app, model);
  comic.check(app);
  clip.check(app);
  if (model.empty()) {
    style.layer = std::exchange(comic.layer, "drawing");
    comic.refuse(app);
    if (style.sheet && style.layer != "drawing")
      throw UsageError(command_name(app), "--layer is for one style, but --sheet shows all; leave one out");
  }
  if (model.empty() && (!direction.empty() || raw))
    throw UsageError(name,
                     fmt::format("{} is for models; give one with -m", raw ? "--no-ema" : "--direction"));
  if (gate != "auto" && gate != "require" && gate != "off")
    throw UsageError(name, fmt::format("--gate {} is unknown; use auto, require or off", gate));
  if (model.empty() && gate == "require")
    throw UsageError(name, "--gate require is for models with a gate; give one with -m");
  if (model.empty() && judge)
    throw UsageError(name, "--judge is for models with a discriminator; give one with -m");
  check_compare();
  imported.check(app, model, request.inputs);
  if (request.inputs.empty())
    throw UsageError(name, "--input is missing: -i takes images and folders of images");
  require_text(app, "--output", request.output, "-o takes an image or a folder");
  check_streams();
  check_range(app, "--quality", quality, 1, 100);
  check_range(app, "--max-size", max_size, 0, 1'000'000);
  if (tile != 0) check_range(app, "--tile", tile, 32, 1'000'000);
  if (!tile_statistics.empty() && tile_statistics != "auto" && tile_statistics != "exact" &&
      tile_statistics != "sampled")
    throw UsageError(
        name, fmt::format("--tile-statistics {} is unknown; use auto, exact or sampled", tile_statistics));
  if (model.empty() && (tile != 0 || !tile_statistics.empty()))
    throw UsageError(name, fmt::format("{} is for models; styles always work in bands of rows",
                                       tile != 0 ? "--tile" : "--tile-statistics"));
  machine.check();
  const double gib = parse_number(app, "--max-memory", memory);
  if (!(gib >= 0 && gib <= 1e6))
    throw UsageError(
        name,
        fmt::format("--max-memory {} is out of range; give GiB, or 0 for the available memory", memory));
  max_memory = gib > 0 ? std::max<std::uint64_t>(1, static_cast<std::uint64_t>(gib * (1 << 30))) : 0;
  check_threads();
  if (!gpu.empty() && gpu != "-1")
    throw UsageError(name, fmt::format("--gpu {}: this build computes on the CPU; leave it out", gpu));
  if (!gpu.empty() && machine.device.empty()) machine.device = "cpu";
  if (request.suffix.find('/') != std::string::npos)
    throw UsageError(name, fmt::format("--suffix {} contains a /; give a part of a name, such as -painted",
                                       request.suffix));
  check_format();
}

bool ConvertArguments::reads_stdin() const {
  return std::count(request.inputs.begin(), request.inputs.end(), kStandardStream) > 0;
}

std::filesystem::path ConvertArguments::result_name(const std::filesystem::path& out) const {
  if (!writes_stdout()) return out;
  return "stdout." + (request.format.empty() ? "png" : request.format);
}

void ConvertArguments::check_streams() const {
  const std::string name = command_name(app);
  for (const std::string& input : request.inputs)
    if (input.empty()) throw UsageError(name, "--input is empty: -i takes images and folders of images");
  if (std::count(request.inputs.begin(), request.inputs.end(), kStandardStream) > 1)
    throw UsageError(name,
                     "--input - is given twice, but standard input can be read only once; leave one out");
  if (!writes_stdout()) return;
  if (json) throw UsageError(name, "--json and --output - exclude each other: both write to standard output");
  if (dry_run)
    throw UsageError(name, "--dry-run lists output files, but --output - writes none; leave one out");
}

void ConvertArguments::check_compare() {
  const std::string name = command_name(app);
  if (!compare.empty() && compare != "h" && compare != "v" && compare != "slider")
    throw UsageError(
        name, fmt::format("--compare {} is unknown; use h (beside), v (above) or slider (a page)", compare));
  request.page = compare == "slider";
  if (!style.sheet) return;
  if (!compare.empty())
    throw UsageError(name, "--compare and --sheet exclude each other: the sheet shows the photograph");
  for (const auto& [given, option] : {std::pair{!request.mask.empty(), "--mask"},
                                      {tta, "--tta"},
                                      {keep_color, "--keep-color"},
                                      {match_brightness, "--match-brightness"}})
    if (given)
      throw UsageError(name,
                       fmt::format("{} is for one style, but --sheet shows all; leave one out", option));
}

void ConvertArguments::check_format() {
  const std::string name = command_name(app);
  std::string& format = request.format;
  std::transform(format.begin(), format.end(), format.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!format.empty() && format[0] == '.') format.erase(0, 1);
  if (format == "auto") format.clear();
  if (!format.empty()) {
    const ImageFormat* known = writable_format("x." + format);
    if (known == nullptr)
      throw UsageError(name, fmt::format("--format {} cannot be written; use {}", format, writable_names()));
    format = known->extensions[0].substr(1);
  }
  if (request.page && !format.empty() && format != "png" && format != "jpg" && format != "webp")
    throw UsageError(
        name,
        fmt::format("--format {} cannot be shown by browsers; for a page use png, jpg or webp", format));
}

// "4", "1:2:2"
void ConvertArguments::check_threads() {
  if (jobs.empty()) return;
  const std::string name = command_name(app);
  constexpr std::int64_t kMost = 64;
  const auto count = [&](const std::string& text) {
    const std::int64_t value = parse_whole(app, "--jobs", text);
    if (value < 1 || value > kMost)
      throw UsageError(name,
                       fmt::format("--jobs {} is out of range; give numbers from 1 to {}", jobs, kMost));
    return static_cast<int>(value);
  };
  const std::size_t first = jobs.find(':'), second = jobs.find(':', first + 1);
  if (first == std::string::npos) {
    threads.load = threads.save = count(jobs);
    return;
  }
  if (second == std::string::npos)
    throw UsageError(name, fmt::format("--jobs {} has two numbers; give one, or three as in 1:1:2 (load, "
                                       "compute, save)",
                                       jobs));
  threads.load = count(jobs.substr(0, first));
  threads.compute = count(jobs.substr(first + 1, second - first - 1));
  threads.save = count(jobs.substr(second + 1));
  if (threads.compute > 1 && !model.empty())
    throw UsageError(name, fmt::format("--jobs {}: a model computes one image at a time, on all --threads; "
                                       "give {}:1:{}",
                                       jobs, threads.load, threads.save));
}

void ConvertArguments::choose_direction(const std::vector<std::string>& known) {
  if (direction.empty() && !known.empty()) direction = known.front();
  if (known.empty() || std::count(known.begin(), known.end(), direction) > 0) return;
  throw UsageError(command_name(app), fmt::format("--direction {} is not one of the model's; use {}",
                                                  direction, fmt::join(known, " or ")));
}

}  // namespace sumi::cli
