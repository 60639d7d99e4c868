#include "engine/io/listing.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "engine/io/image.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

using Identity = std::pair<dev_t, ino_t>;

struct Walk {
  fs::path root;
  const std::function<void(const std::string&)>& warn;
  std::vector<ListedFile> files;
  std::vector<Identity> above;  // folders on the way down: a link back to one of them is a cycle

  void folder(const fs::path& path, const std::string& prefix) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return;
    const Identity self{info.st_dev, info.st_ino};
    if (std::find(above.begin(), above.end(), self) != above.end()) return;
    std::error_code error;
    fs::directory_iterator it(path, error);
    if (error) {
      if (above.empty())
        fail("data " + path.string(),
             fmt::format("cannot be listed ({}); check its permissions", error.message()));
      if (warn) warn(fmt::format("skipped folder {}: {}", path.string(), error.message()));
      return;
    }
    above.push_back(self);
    for (; it != fs::directory_iterator(); it.increment(error)) {
      entry(it->path(), prefix + it->path().filename().string());
      if (error) break;
    }
    above.pop_back();
  }

  void entry(const fs::path& path, const std::string& name) {
    if (path.filename().string().starts_with(".")) return;
    struct stat info {};
    if (::stat(path.c_str(), &info) !=
        0) {  // a dangling link: keep it if it wanted to be a picture, so that it is named
      if (has_image_extension(path)) files.push_back({name, -1, 0});
      return;
    }
    if (S_ISDIR(info.st_mode)) {
      folder(path, name + "/");
    } else if (S_ISREG(info.st_mode) && has_image_extension(path)) {
      files.push_back(
          {name, info.st_size, std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec});
    }
  }
};

// Why `dir` cannot take `bytes`, or "".
std::string objection(const fs::path& dir, std::uint64_t bytes) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) return fmt::format("cannot be created ({})", error.message());
  if (::access(dir.c_str(), W_OK | X_OK) != 0)
    return fmt::format("cannot be written ({})", std::strerror(errno));
  const auto space = fs::space(dir, error);
  constexpr std::uint64_t mib = 1 << 20;
  if (!error && space.available < bytes + mib)
    return fmt::format("has {} MiB free, {} are needed", space.available / mib, bytes / mib + 1);
  return "";
}

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? value : nullptr;
}

}  // namespace

std::vector<ListedFile> list_pictures(const fs::path& folder,
                                      const std::function<void(const std::string&)>& warn) {
  Walk walk{folder, warn, {}, {}};
  walk.folder(folder, "");
  std::sort(walk.files.begin(), walk.files.end(),
            [](const ListedFile& a, const ListedFile& b) { return a.name < b.name; });
  return std::move(walk.files);
}

void report_nothing(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().find("idx") != std::string::npos)
      fail("data " + folder.string(),
           fmt::format("is a folder without pictures, but it has an idx file; try --data {}",
                       entry.path().string()));
  fail("data " + folder.string(),
       "is a folder without pictures (png, jpg, webp, ...); check the path or add some");
}

std::vector<fs::path> cache_candidates(const fs::path& wished, const fs::path& fallback) {
  std::vector<fs::path> dirs;
  const char* xdg = variable("XDG_CACHE_HOME");
  const char* home = variable("HOME");
  if (!wished.empty())
    dirs.push_back(wished);
  else if (xdg && fs::path(xdg).is_absolute())  // the XDG specification: ignore relative ones
    dirs.push_back(fs::path(xdg) / "sumi");
  else if (home)
    dirs.push_back(fs::path(home) / ".cache" / "sumi");
  if (!fallback.empty()) dirs.push_back(fallback);
  std::error_code error;
  const auto temporary = fs::temp_directory_path(error);
  if (!error) dirs.push_back(temporary / fmt::format("sumi-{}", ::getuid()));
  return dirs;
}

fs::path choose_cache_dir(const fs::path& wished, const fs::path& fallback, std::uint64_t bytes,
                          const std::function<void(const std::string&)>& warn) {
  std::string first;
  for (const auto& dir : cache_candidates(wished, fallback)) {
    const auto problem = objection(dir, bytes);
    if (problem.empty()) {
      if (!first.empty() && warn) warn(fmt::format("cache folder {}; using {}", first, dir.string()));
      return dir;
    }
    if (first.empty()) first = dir.string() + " " + problem;
  }
  fail("data cache",
       fmt::format("{}, and no other place was found; set XDG_CACHE_HOME to a folder with space", first));
}

}  // namespace sumi::io
