#include "tools/convert_masks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "engine/image/image_formats.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

// The names of the images in each folder below `root`, read once.
class MaskFolder {
 public:
  explicit MaskFolder(fs::path root) : root_(std::move(root)) {}

  // "": there is none.
  fs::path find(const fs::path& name) {
    const std::set<std::string>& names = names_in(root_ / name.parent_path());
    const fs::path folder = root_ / name.parent_path();
    if (names.contains(name.filename().string())) return folder / name.filename();
    const std::string stem = name.stem().string();
    for (const char* ending : {"", "_mask", "-mask"})
      for (const std::string& candidate : names)
        if (fs::path(candidate).stem() == stem + ending) return folder / candidate;
    return {};
  }

 private:
  const std::set<std::string>& names_in(const fs::path& folder) {
    const auto [at, fresh] = folders_.try_emplace(folder);
    std::error_code ec;
    if (!fresh || !fs::is_directory(folder, ec)) return at->second;
    for (fs::directory_iterator entry(folder, ec), end; !ec && entry != end; entry.increment(ec))
      if (has_image_extension(entry->path())) at->second.insert(entry->path().filename().string());
    return at->second;
  }

  fs::path root_;
  std::map<fs::path, std::set<std::string>> folders_;
};

}  // namespace

void assign_masks(std::vector<ConvertJob>& jobs, const std::string& mask,
                  const std::function<void(const std::string&)>& failed) {
  if (mask.empty()) return;
  std::error_code ec;
  if (!fs::is_directory(mask, ec)) {
    for (ConvertJob& job : jobs) job.mask = mask;
    return;
  }
  MaskFolder folder(mask);
  std::erase_if(jobs, [&](ConvertJob& job) {
    job.mask = folder.find(job.name);
    if (job.mask.empty())
      failed(
          fmt::format("[image {}] has no mask: {} holds no {} of any image format; add it, or leave the "
                      "image out",
                      job.in.string(), mask, (job.name.parent_path() / job.name.stem()).string()));
    return job.mask.empty();
  });
}

}  // namespace sumi::cli
