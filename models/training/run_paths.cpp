#include "models/training/run_paths.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/data/find_images.h"
#include "engine/serialize/file.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/training_data.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxOptions = 1 << 20;

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// The folder from options.json; "" if the file or the entry is missing.
std::string started_in(const fs::path& run) {
  std::string text;
  try {
    text = read_file(run / "options.json", kMaxOptions);
  } catch (const Error&) {
    return "";
  }
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto found = json.is_object() ? json.find(kStartedIn) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

// /a/b for the run /a/b/c/run whose options call it c/run; "" if the names do not match.
fs::path before(const fs::path& run, const fs::path& outdir) {
  fs::path left = run, name = outdir.lexically_normal();
  if (!name.has_filename()) name = name.parent_path();  // "c/run/"
  for (; name.has_filename(); name = name.parent_path(), left = left.parent_path())
    if (name.is_absolute() || name.filename() != left.filename()) return "";
  return left;
}

std::string resolved(const std::string& text, const std::vector<fs::path>& bases) {
  if (text.empty() || fs::path(text).is_absolute()) return text;
  std::error_code error;
  for (const fs::path& base : bases)
    if (is_there(base / text))
      return fs::equivalent(base, fs::current_path(error), error) ? text
                                                                  : (base / text).lexically_normal().string();
  return text;
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
  std::error_code error;
  const fs::path in = fs::weakly_canonical(fs::absolute(inner), error),
                 out = fs::weakly_canonical(fs::absolute(outer), error);
  return std::mismatch(out.begin(), out.end(), in.begin(), in.end()).first == out.end();
}

std::vector<fs::path> data_folders(const TrainOptions& o) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const DatasetSpec& spec : dataset_specs(o))
    for (const fs::path& path : {spec.data, spec.partner})
      if (fs::is_directory(path, error)) folders.push_back(path);
  return folders;
}

}  // namespace

std::vector<fs::path> base_folders(const fs::path& run, const std::string& outdir) {
  std::vector<fs::path> bases;
  std::error_code error;
  for (const fs::path& base :
       {fs::path(started_in(run)), before(fs::weakly_canonical(fs::absolute(run), error), outdir),
        fs::current_path(error)})
    if (!base.empty()) bases.push_back(base);
  return bases;
}

void resolve_paths(TrainOptions& o, const std::vector<fs::path>& bases) {
  for (const Option* option : option_table(o.model).rows())
    option->visit(o, [&](auto& member) {
      if constexpr (std::is_same_v<std::decay_t<decltype(member)>, std::string>)
        if (option->is_path && member != "builtin") member = resolved(member, bases);
    });
  if (!model_spec(o.model).requirements.classifies || is_there(o.data)) return;
  std::vector<std::string> sets;  // "a,b"
  for (const DatasetSpec& spec : dataset_specs(o)) sets.push_back(resolved(spec.data.string(), bases));
  o.data = fmt::format("{}", fmt::join(sets, ","));
}

void check_data_there(const TrainOptions& o) {
  for (const DatasetSpec& spec : dataset_specs(o))
    for (const fs::path& path : {spec.data, spec.partner}) {
      if (path.empty() || is_there(path)) continue;
      const char* option = path == fs::path(o.data_a)   ? "--data-a"
                           : path == fs::path(o.data_b) ? "--data-b"
                                                        : "--data";
      fail("data " + path.string(),
           fmt::format("does not exist (any more); if the images have moved, add where they are: sumi train "
                       "--resume {} {} DIR",
                       o.outdir, option));
    }
}

void check_outdir(const TrainOptions& o) {
  for (const fs::path& data : data_folders(o)) {
    const fs::path outdir = o.outdir;
    for (const char* sub : {"samples", "checkpoints"})
      if (lies_in(data, outdir / sub))
        fail("--outdir " + o.outdir,
             fmt::format("would write among the images that it learns from, in {}; choose another folder",
                         data.string()));
    std::error_code error;
    if (lies_in(outdir, data) && fs::is_directory(outdir, error) && !find_images(outdir, {}).empty())
      fail("--outdir " + o.outdir,
           fmt::format("holds images of the data in {}, and a run writes images of its own; choose a new "
                       "folder",
                       data.string()));
  }
}

}  // namespace sumi
