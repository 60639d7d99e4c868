// Which image becomes which file.
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
  std::filesystem::path name;  // of the input below the folder that was given: "sub/a.jpg"
  std::filesystem::path mask;  // "": none
};

// The name of standard input and output on the command line, and of what is read from it.
inline constexpr const char* kStandardStream = "-";
inline constexpr const char* kStandardInput = "stdin";

struct ConvertRequest {
  std::vector<std::string> inputs;  // files, or folders that are searched through
  std::string output;               // an image, or a folder (it exists, it ends in /, or there are many)
  std::string format;               // "png"; "": the input's where it can be written, else png
  std::string suffix;               // behind the name, before the dot
  bool skip_existing = false;       // then results of an earlier call among the inputs are left out
  bool page = false;                // results are HTML pages
  std::string mask;                 // an image, or a folder of them; "": none
  std::string stdin_file;           // what "-" among the inputs stands for
};

// What is to be written, in order. An input that does not exist and is a pattern of the shell
// ("in/*.png") stands for the files that fit it. A folder keeps its tree below the output folder.
// Two inputs that would be written to one name: the second is named with its whole name, a.png.png,
// then a-2.png. What could not be taken (missing, a folder without images) is named to `failed`,
// the others stay; `warn` hears of folders that cannot be read. Nothing when no input exists. Masks
// inside a folder of inputs are no inputs. Throws std::invalid_argument for an output that does not
// fit the inputs.
std::vector<ConvertJob> plan_jobs(ConvertRequest request,
                                  const std::function<void(const std::string&)>& failed,
                                  const std::function<void(const std::string&)>& warn);

// Whether the name ends like an HTML page.
bool is_page_name(const std::filesystem::path& path);

// Takes the jobs out whose results are there, and returns them.
std::vector<ConvertJob> drop_existing(std::vector<ConvertJob>& jobs);

// Removes what a killed call left in the folders that this one writes to.
void clean_folders(const std::vector<ConvertJob>& jobs);

}  // namespace sumi::cli
