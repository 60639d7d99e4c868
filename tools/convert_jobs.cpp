#include "tools/convert_jobs.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "engine/data/find_images.h"
#include "engine/error.h"
#include "engine/image/image_formats.h"
#include "engine/serialize/file.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

std::string small_letters(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// An input with the path that it gets below the output folder.
struct Source {
  fs::path file, name;
};

bool lies_in(const fs::path& file, const fs::path& folder) {
  std::error_code ec;
  const fs::path a = fs::weakly_canonical(file, ec), b = fs::weakly_canonical(folder, ec);
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).second == b.end();
}

// Inputs that exist, patterns taken apart; the others are named to `failed`.
std::vector<std::string> existing_inputs(const std::vector<std::string>& inputs,
                                         const std::function<void(const std::string&)>& failed) {
  std::vector<std::string> found;
  for (const std::string& input : inputs) {
    std::error_code ec;
    if (input == kStandardStream || fs::exists(input, ec)) {
      found.push_back(input);
      continue;
    }
    const bool pattern = input.find_first_of("*?[") != std::string::npos;
    glob_t matches{};
    if (pattern && ::glob(input.c_str(), 0, nullptr, &matches) == 0)
      found.insert(found.end(), matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
    else
      failed(fmt::format(
          "[image {}] does not exist; {}", input,
          pattern ? "no file matches this pattern: check the folder and the extension" : "check the path"));
    ::globfree(&matches);
  }
  return found;
}

std::vector<Source> collect(const ConvertRequest& request,
                            const std::function<void(const std::string&)>& failed,
                            const std::function<void(const std::string&)>& warn) {
  std::vector<Source> sources;
  std::set<fs::path> taken;
  const auto add = [&](const fs::path& file, const fs::path& name) {
    if (taken.insert(file.lexically_normal()).second) sources.push_back({file, name});
  };
  for (const std::string& input : request.inputs) {
    std::error_code ec;
    if (input == kStandardStream) {
      add(request.stdin_file, kStandardInput);
      continue;
    }
    if (!fs::is_directory(input, ec)) {
      add(input, fs::path(input).filename());
      continue;
    }
    // What an earlier call has written into a folder inside this one is not converted once more.
    const bool inside = lies_in(request.output, input) && !lies_in(input, request.output);
    const std::size_t before = sources.size();
    for (const std::string& name : find_images(input, warn)) {
      const fs::path file = input / fs::path(name);
      if (inside && lies_in(file, request.output)) continue;
      if (!request.mask.empty() && lies_in(file, request.mask) && !lies_in(input, request.mask)) continue;
      add(file, name);
    }
    if (sources.size() == before) failed(fmt::format("[folder {}] holds no images; check the path", input));
  }
  return sources;
}

// "a.png", then "a.jpg.png", then "a-2.png", "a-3.png".
fs::path free_name(const ConvertRequest& request, const fs::path& name, const std::set<fs::path>& used) {
  const std::string old = name.extension().string();
  const std::string extension = request.page                   ? ".html"
                                : !request.format.empty()      ? "." + request.format
                                : has_writable_extension(name) ? old
                                                               : ".png";
  const fs::path folder = fs::path(request.output) / name.parent_path();
  const std::string stem = name.stem().string() + request.suffix;
  fs::path out = folder / (stem + extension);
  if (used.count(out) != 0) out = folder / (name.stem().string() + old + request.suffix + extension);
  for (int k = 2; used.count(out) != 0; ++k) out = folder / fmt::format("{}-{}{}", stem, k, extension);
  return out;
}

std::vector<ConvertJob> name_results(const ConvertRequest& request, const std::vector<Source>& sources,
                                     bool to_folder) {
  std::vector<ConvertJob> jobs;
  std::set<fs::path> used;
  for (const Source& source : sources) {
    const fs::path out = to_folder ? free_name(request, source.name, used) : fs::path(request.output);
    used.insert(out);
    jobs.push_back({source.file, out, source.name, {}});
  }
  return jobs;
}

// Takes out of the sources what is the result of another one, until none is: results beside their
// originals, of a call that is continued.
void drop_results(const ConvertRequest& request, std::vector<Source>& sources) {
  for (std::size_t before = 0; before != sources.size();) {
    before = sources.size();
    std::set<fs::path> results;
    std::error_code ec;
    for (const ConvertJob& job : name_results(request, sources, true))
      if (fs::exists(job.out, ec)) results.insert(fs::canonical(job.out, ec));
    std::erase_if(sources,
                  [&](const Source& source) { return results.count(fs::canonical(source.file, ec)) != 0; });
  }
}

// A result must not take the place of an image that is still to be read, or was.
void check_apart(const std::vector<ConvertJob>& jobs) {
  std::set<fs::path> inputs;
  std::error_code ec;
  for (const ConvertJob& job : jobs) inputs.insert(fs::canonical(job.in, ec));
  for (const ConvertJob& job : jobs)
    if (fs::exists(job.out, ec) && inputs.count(fs::canonical(job.out, ec)) != 0)
      throw std::invalid_argument(
          fmt::format("{} would overwrite an input; choose another folder with -o or another --suffix, or, "
                      "if it is the result of an "
                      "earlier call, continue that with --skip-existing",
                      job.out.string()));
}

}  // namespace

bool is_page_name(const fs::path& path) {
  const std::string extension = small_letters(path.extension().string());
  return extension == ".html" || extension == ".htm";
}

std::vector<ConvertJob> plan_jobs(ConvertRequest request,
                                  const std::function<void(const std::string&)>& failed,
                                  const std::function<void(const std::string&)>& warn) {
  request.inputs = existing_inputs(request.inputs, failed);
  if (request.inputs.empty()) return {};
  std::error_code ec;
  const fs::path output = request.output;
  const bool exists = fs::is_directory(output, ec);
  const bool many = request.inputs.size() > 1 || fs::is_directory(request.inputs.front(), ec);
  const bool to_folder = exists || request.output.back() == '/' || many;
  if (output == kStandardStream) {
    if (many) throw std::invalid_argument("--output - takes one image; give one input, or a folder with -o");
    return name_results(request, collect(request, failed, warn), false);
  }
  const auto is_result = [&](const fs::path& name) {
    return request.page ? is_page_name(name) : has_writable_extension(name);
  };
  if (to_folder && !exists && (fs::exists(output, ec) || is_result(output)))
    throw std::invalid_argument(fmt::format("--output {} is a file, but {} needs a folder", request.output,
                                            many ? "more than one input" : "a name with / at its end"));
  if (!to_folder && request.page && !is_page_name(output))
    throw std::invalid_argument(fmt::format(
        "--output {} is not the name of a page; with --compare slider use .html, or end a folder's name in /",
        request.output));
  if (!to_folder && !is_result(output))
    throw std::invalid_argument(
        fmt::format("--output {} is not the name of an image; use {}, or end a folder's name in /",
                    request.output, writable_names()));
  std::vector<Source> sources = collect(request, failed, warn);
  if (request.skip_existing && !request.suffix.empty() && to_folder) drop_results(request, sources);
  std::vector<ConvertJob> jobs = name_results(request, sources, to_folder);
  check_apart(jobs);
  return jobs;
}

std::vector<ConvertJob> drop_existing(std::vector<ConvertJob>& jobs) {
  std::vector<ConvertJob> dropped;
  std::erase_if(jobs, [&](const ConvertJob& job) {
    std::error_code ec;
    const bool exists = job.out != kStandardStream && fs::exists(job.out, ec);
    if (exists) dropped.push_back(job);
    return exists;
  });
  return dropped;
}

void clean_folders(const std::vector<ConvertJob>& jobs) {
  std::set<fs::path> folders;
  for (const ConvertJob& job : jobs)
    folders.insert(job.out.has_parent_path() ? job.out.parent_path() : fs::path("."));
  for (const fs::path& folder : folders) remove_stale_temporaries(folder);
}

}  // namespace sumi::cli
