#include "tools/convert_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

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
           "  sumi convert -m run --direction BtoA -i a.png -o b.png       the other way\n",
           "An image keeps its size, and its transparency and 16 bits where the format can hold them. It is "
           "turned upright and brought to sRGB. EXIF data (author, copyright, dates, camera, place) and the "
           "resolution go with it (" +
               writable_names("and", &ImageFormat::metadata) +
               "), without maker notes and thumbnail. What cannot be converted is named, and the others are "
               "done.");
  style.add_options(command);
  comic.add_options(command);
  add_text(command, "-m,--model", model, "RUN|CHECKPOINT",
           "a run directory (its newest checkpoint) or a file")
      ->group("Model");
  add_text(command, "--direction", direction, "AtoB|BtoA",
           "direction of translation (default: the model's first)")
      ->group("Model");
  command.add_flag("--no-ema,--no_ema,--raw", raw, "use the last weights instead of their moving average")
      ->group("Model");
  command.add_option("-i,--input", request.inputs, "images, and folders to search")
      ->type_name("FILE|DIR")
      ->group("Images");
  add_text(command, "-o,--output", request.output, "FILE|DIR",
           "an image, or a folder (it exists, ends in /, or there are several inputs)")
      ->group("Images");
  add_text(command, "-f,--format,--ext", request.format, "TYPE",
           fmt::format("of files in a folder: {} (default: the input's)", writable_names()))
      ->group("Images");
  add_text(command, "--suffix", request.suffix, "TEXT", "put behind each name in a folder: -painted")
      ->group("Images");
  add_text(
      command, "--mask", mask, "FILE",
      "as large as the image: a style is laid where it is white; for models that fill in, white where the "
      "holes are (default: transparent pixels)")
      ->group("Images");
  add_whole(command, "--quality", quality, "N",
            fmt::format("of {}, 1 to 100", writable_names("and", &ImageFormat::quality)))
      ->group("Images");
  add_whole(command, "--max-size", max_size, "PX", "first shrink images whose long side is longer (0: none)")
      ->group("Images");
  add_text(command, "--compare", compare, "h", "h: write the input beside the result")->group("Images");
  command.add_flag("--strip", strip, "leave EXIF data and the resolution out of the results")
      ->group("Images");
  command.add_flag("--skip-existing,--skip_existing", request.skip_existing, "keep existing files")
      ->group("Images");
  command.add_flag("--overwrite", overwrite, "replace existing files (the default)")
      ->excludes("--skip-existing")
      ->group("Images");
  command.add_flag("-r,--recursive", recursive, "folders are searched through anyway")->group(kHidden);
  command.add_flag("--dry-run,--dry_run", dry_run, "list the output files without converting")
      ->group("Images");
  clip.add_options(command);
  machine.add(command);
  add_text(command, "-g,--gpu,--gpu-id", gpu, "ID", "-1: the CPU")->group(kHidden);
  add_text(command, "--max-memory", memory, "GIB", "memory that one image may take (0: available memory)")
      ->default_str("0")
      ->group("Machine");
  screen.add(command);
}

void ConvertArguments::check() {
  const std::string name = command_name(app);
  style.check(app, model);
  comic.check(app);
  clip.check(app);
  if (model.empty()) comic.refuse(app);
  if (model.empty() && (!direction.empty() || raw))
    throw UsageError(name,
                     fmt::format("{} is for models; give one with -m", raw ? "--no-ema" : "--direction"));
  if (style.sheet && !compare.empty())
    throw UsageError(name, "--compare and --sheet exclude each other: the sheet shows the photograph");
  if (request.inputs.empty())
    throw UsageError(name, "--input is missing: -i takes images and folders of images");
  require_text(app, "--output", request.output, "-o takes an image or a folder");
  for (const std::string& input : request.inputs) {
    if (input.empty()) throw UsageError(name, "--input is empty: -i takes images and folders of images");
    if (input == "-" || request.output == "-")
      throw UsageError(name, "- (standard input or output) is not taken; give the name of a file");
  }
  const auto within = [&](const char* option, std::int64_t value, std::int64_t lo, std::int64_t hi) {
    if (value < lo || value > hi)
      throw UsageError(
          name, fmt::format("{} {} is out of range; give a number from {} to {}", option, value, lo, hi));
  };
  within("--quality", quality, 1, 100);
  within("--max-size", max_size, 0, 1'000'000);
  machine.check();
  const double gib = parse_number(app, "--max-memory", memory);
  if (!(gib >= 0 && gib <= 1e6))
    throw UsageError(
        name,
        fmt::format("--max-memory {} is out of range; give GiB, or 0 for the available memory", memory));
  max_memory = gib > 0 ? std::max<std::uint64_t>(1, static_cast<std::uint64_t>(gib * (1 << 30))) : 0;
  if (!compare.empty() && compare != "h")
    throw UsageError(name,
                     fmt::format("--compare {} is unknown; h puts the input beside the result", compare));
  if (!gpu.empty() && gpu != "-1")
    throw UsageError(name, fmt::format("--gpu {}: this build computes on the CPU; leave it out", gpu));
  if (!gpu.empty() && machine.device.empty()) machine.device = "cpu";
  if (request.suffix.find('/') != std::string::npos)
    throw UsageError(name, fmt::format("--suffix {} is part of a name and holds no /", request.suffix));
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
  std::error_code ec;
  if (std::filesystem::is_directory(mask, ec))
    throw UsageError(
        name, fmt::format("--mask {} is a folder; give one image, and make a call for each mask", mask));
}

void ConvertArguments::choose_direction(const std::vector<std::string>& known) {
  if (direction.empty() && !known.empty()) direction = known.front();
  if (known.empty() || std::count(known.begin(), known.end(), direction) > 0) return;
  throw UsageError(command_name(app), fmt::format("--direction {} is not one of the model's; use {}",
                                                  direction, fmt::join(known, " or ")));
}

}  // namespace sumi::cli
