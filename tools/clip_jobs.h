// Which clip becomes which file, and what names a conversion that can go on where it stopped.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/convert_options.h"

namespace sumi::cli {

struct ClipJob {
  std::filesystem::path in, out;
  // ClipSpec::format: ".apng" where a PNG animation becomes a file of that name.
  std::string format() const;
};

// Returns true for a clip, and for a file of an image format that holds several frames.
bool is_moving(const std::filesystem::path& input);

// One input and a file; or inputs and a folder (it exists or ends in /): each by its own name, .mp4
// where its format cannot be written. UsageError for what does not fit.
std::vector<ClipJob> plan_clips(const ConvertArguments& args);

// Everything that the frames of the job depend on: the options as given, and size and time of the
// input and the model.
std::string clip_key(const ConvertArguments& args, const ClipJob& job);

}  // namespace sumi::cli
