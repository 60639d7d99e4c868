// sumi convert: images through a style filter or an image-to-image network.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "engine/error.h"
#include "engine/image/image_formats.h"
#include "models/inference/converter.h"
#include "tools/cli/item_progress.h"
#include "tools/cli/signals.h"
#include "tools/convert_clip.h"
#include "tools/convert_filter.h"
#include "tools/convert_options.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

std::vector<ConvertJob> plan(const ConvertArguments& args, CountProgress& screen, bool& all_well) {
  const auto failed = [&](const std::string& line) {
    all_well = false;
    screen.complain(line);
  };
  const auto warn = [&](const std::string& line) { screen.complain("warning: " + line); };
  try {
    return plan_jobs(args.request, failed, warn);
  } catch (const std::invalid_argument& error) {
    throw UsageError(command_name(args.app), error.what());
  }
}

struct Session {
  const ConvertArguments& args;
  PhotoFilter filter;
  CountProgress& screen;
  bool told_of_alpha = false;

  // Warns once per run that the format drops the images' alpha.
  void warn_of_alpha(const fs::path& out, const Photo& result) {
    const bool lost = !holds_alpha(out) && std::any_of(result.alpha.begin(), result.alpha.end(),
                                                       [](std::uint16_t a) { return a != 65535; });
    if (!lost || told_of_alpha) return;
    told_of_alpha = true;
    screen.complain(
        fmt::format("warning: [write {}] {} does not store transparency: composited over white; {} do",
                    out.string(), out.extension().string(), writable_names("and", &ImageFormat::alpha)));
  }

  // "out.png: 640x480, 1.2 s"
  std::string convert(const ConvertJob& job) {
    const auto start = std::chrono::steady_clock::now();
    Photo photo = load_photo(job.in);
    if (!photo.remark.empty())
      screen.complain(fmt::format("warning: [image {}] {}", job.in.string(), photo.remark));
    const auto [width, height] = limited_size(photo.width, photo.height, static_cast<int>(args.max_size));
    std::optional<Photo> mask;
    if (!args.mask.empty()) {
      mask = load_photo(args.mask);
      if (mask->width == photo.width && mask->height == photo.height)
        mask = resize_photo(*mask, width, height);
    }
    photo = resize_photo(photo, width, height);
    Photo result = filter(photo, mask ? &*mask : nullptr);
    if (!args.compare.empty()) result = beside(resize_photo(photo, result.width, result.height), result);
    if (job.out.has_parent_path()) {
      std::error_code ec;
      fs::create_directories(job.out.parent_path(), ec);  // save_photo reports the error
    }
    if (!args.strip) result.metadata = photo.metadata;
    warn_of_alpha(job.out, result);
    save_photo(job.out, result, static_cast<int>(args.quality));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return fmt::format("{}: {}x{}, {:.1f} s", job.out.string(), result.width, result.height, seconds.count());
  }

  // Returns true if the image was written.
  bool attempt(const ConvertJob& job) {
    screen.working(job.in.filename().string());
    std::string reason;
    try {
      screen.done(convert(job));
      return true;
    } catch (const std::bad_alloc&) {
      reason = "[memory] out of memory; shrink the image with --max-size";
    } catch (const std::exception& error) {  // a failing image must not end the run
      reason = error.what();
    }
    // Errors of the network do not name the image.
    if (reason.find(job.in.string()) == std::string::npos && reason.rfind("[write ", 0) != 0)
      reason = fmt::format("[image {}] {}", job.in.string(), reason);
    screen.complain(reason);
    screen.done("");
    return false;
  }
};

int run(ConvertArguments& args) {
  args.check();
  if (is_clip_call(args)) return convert_clips(args);
  args.clip.refuse(args.app);
  const auto style = Progress::style_for(args.screen.quiet, args.screen.no_progress);
  bool all_well = true;
  CountProgress before(style, 0);
  std::vector<ConvertJob> jobs = plan(args, before, all_well);
  if (!args.dry_run) clean_folders(jobs);
  const std::size_t skipped = args.request.skip_existing ? drop_existing(jobs) : 0;
  if (args.dry_run) {
    for (const ConvertJob& job : jobs) fmt::print("{} -> {}\n", job.in.string(), job.out.string());
    fmt::print("{} images would be written, {} are there already\n", jobs.size(), skipped);
    return all_well ? 0 : kFailed;
  }
  if (jobs.empty() && !all_well) return kFailed;
  args.machine.apply();
  CountProgress screen(style, jobs.size());
  PhotoFilter filter = photo_filter(args, [&](const std::string& line) { screen.complain(line); });
  catch_signals("finishing this image");
  Session session{args, std::move(filter), screen};
  std::size_t written = 0;
  for (const ConvertJob& job : jobs) {
    if (stop_requested) break;
    if (session.attempt(job))
      ++written;
    else
      all_well = false;
  }
  if (!args.screen.quiet)
    screen.finish(fmt::format("{} of {} images written{}", written, jobs.size(),
                              skipped > 0 ? fmt::format(", {} were there already", skipped) : ""));
  if (stop_requested) return 128 + caught_signal();
  return all_well ? 0 : kFailed;
}

}  // namespace

Command add_convert(CLI::App& parent) {
  auto args = std::make_shared<ConvertArguments>();
  CLI::App& app = *parent.add_subcommand(
      "convert", "Turn images into drawings by a style, or translate them with a trained model.");
  args->add_options(app);
  return {&app, [args]() { return run(*args); }};
}

}  // namespace sumi::cli
