// Which picture becomes which file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sumi::cli {

struct ConvertJob {
  std::filesystem::path in, out;
};

struct ConvertRequest {
  std::vector<std::string> inputs;  // files, or folders that are searched through
  std::string output;               // a picture, or a folder (it exists, it ends in /, or there are many)
  std::string format;               // "png"; "": the input's where it can be written, else png
  std::string suffix;               // behind the name, before the dot
};

// What is to be written, in order. A folder keeps its tree below the output folder. Two inputs that would be
// written to one name: the second is named with its whole name, a.png.png, then a-2.png. What could not be
// taken (missing, a folder without pictures) is named to `failed`, the others stay; `warn` hears of folders
// that cannot be read. Throws std::invalid_argument for an output that does not fit the inputs.
std::vector<ConvertJob> plan_jobs(const ConvertRequest& request,
                                  const std::function<void(const std::string&)>& failed,
                                  const std::function<void(const std::string&)>& warn);

}  // namespace sumi::cli
