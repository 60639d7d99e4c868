// Assignment of input images to output files.
#pragma once

#include <cstddef>
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
  std::vector<std::string> inputs;  // files, or folders that are searched
  std::string output;               // a file, or a folder (it exists, it ends in /, or there are many images)
  std::string format;               // "png"; "": the input's if it can be written, else png
  std::string suffix;               // appended to the name, before the extension
  bool skip_existing = false;       // also leaves out inputs that are results of an earlier call
};

// The files to write, in order. An input that does not exist and is a shell pattern ("in/*.png")
// stands for the matching files. A folder keeps its tree below the output folder. If two inputs
// have the same output name, the second is named with its whole name, a.png.png, then a-2.png.
// Calls `failed` for each input that cannot be used (missing, a folder without images) and
// continues with the others; calls `warn` for folders that cannot be read. Empty if no input
// exists. Throws std::invalid_argument for an output that does not match the inputs.
std::vector<ConvertJob> plan_jobs(ConvertRequest request,
                                  const std::function<void(const std::string&)>& failed,
                                  const std::function<void(const std::string&)>& warn);

// Removes the jobs whose results exist. Returns their number.
std::size_t drop_existing(std::vector<ConvertJob>& jobs);

// Removes temporary files of a killed call from the output folders.
void clean_folders(const std::vector<ConvertJob>& jobs);

}  // namespace sumi::cli
