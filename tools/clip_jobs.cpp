#include "tools/clip_jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <system_error>

#include "engine/image/image_formats.h"
#include "engine/video/containers.h"

namespace sumi::cli {
namespace {

namespace fs = std::filesystem;

// Size and modification time: distinguish files without reading them.
std::string stamp_of(const fs::path& path) {
  std::error_code error;
  const fs::path file = fs::canonical(path, error);
  if (error) return path.string();
  const std::uintmax_t size = fs::is_regular_file(file, error) ? fs::file_size(file, error) : 0;
  const auto changed = fs::last_write_time(file, error).time_since_epoch().count();
  return fmt::format("{} {} {}", file.string(), size, changed);
}

}  // namespace

bool is_moving(const fs::path& input) {
  return video::has_clip_extension(input) || video::is_animation(input);
}

std::string ClipJob::format() const {
  return io::extension_of(out) == ".png" && !video::is_frame_pattern(out) && video::is_animation(in) ? ".apng"
                                                                                                     : "";
}

std::vector<ClipJob> plan_clips(const ConvertArguments& args) {
  const std::string command = command_name(args.app);
  const std::string& output = args.request.output;
  const std::vector<std::string>& inputs = args.request.inputs;
  std::error_code error;
  const bool to_folder = fs::is_directory(output, error) || output.back() == '/';
  std::vector<ClipJob> jobs;
  if (!to_folder) {
    if (inputs.size() > 1)
      throw UsageError(
          command, fmt::format("--output {} is one clip, but there are {} inputs; end it in / for a folder",
                               output, inputs.size()));
    if (fs::equivalent(inputs[0], output, error))
      throw UsageError(command, fmt::format("--output {} is the input itself; give another name", output));
    return {{inputs[0], output}};
  }
  for (const std::string& input : inputs) {
    if (!is_moving(input) && !video::container_of(input))
      throw UsageError(command,
                       fmt::format("{} is not a clip; convert clips and images in two calls", input));
    fs::path name = fs::path(input).filename();
    if (!video::container_of(name) && !video::is_animation(input)) name += ".mp4";
    const fs::path out =
        fs::path(output) / (name.stem().string() + args.request.suffix + name.extension().string());
    if (fs::equivalent(input, out, error) ||
        std::any_of(jobs.begin(), jobs.end(), [&](const ClipJob& job) { return job.out == out; }))
      throw UsageError(
          command,
          fmt::format(
              "{} would be written over an input or another result; give a --suffix or another folder",
              out.string()));
    jobs.push_back({input, out});
  }
  return jobs;
}

std::string clip_key(const ConvertArguments& args, const ClipJob& job) {
  std::string key = "sumi " SUMI_VERSION "\n" + stamp_of(job.in) + "\n";
  if (!args.model.empty()) key += stamp_of(args.model) + "\n";
  for (const CLI::Option* option : args.app->get_options()) {
    const std::string name = option->get_single_name();
    // What is said on the screen, and how fast it goes.
    if (name == "quiet" || name == "no-progress" || name == "threads" || name == "input" || name == "output")
      continue;
    if (option->count() > 0) key += fmt::format("{}={}\n", name, fmt::join(option->results(), ","));
  }
  return key;
}

}  // namespace sumi::cli
