#include "engine/data/file_listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "engine/image/image_file.h"
#include "engine/image/image_formats.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

using Identity = std::pair<dev_t, ino_t>;

// Returns true if the folder is a run directory of sumi train. Before its first checkpoint a run
// has no options.json, but a lock.
bool is_run(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder / "checkpoints", error)) return false;
  return fs::is_regular_file(folder / "options.json", error) ||
         (fs::is_directory(folder / "samples", error) && fs::is_regular_file(folder / ".lock", error));
}

// Returns the format that a file's first bytes identify, or "". Stricter than format_of(), because
// the file name does not suggest an image.
std::string format_in(const fs::path& path) {
  std::array<char, 32> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  const std::string_view start(head.data(),
                               static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  const std::string format = format_of(start);
  const auto is = [&](std::size_t at, auto&& kind) {
    return at < start.size() && kind(static_cast<unsigned char>(start[at])) != 0;
  };
  if (format == "heif") {  // videos belong to the same family
    static constexpr std::array<std::string_view, 10> brands{"heic", "heix", "heim", "heis", "hevc",
                                                             "hevx", "mif1", "msf1", "avif", "avis"};
    const bool still =
        start.size() >= 12 && std::find(brands.begin(), brands.end(), start.substr(8, 4)) != brands.end();
    return still ? format : "";
  }
  if (format == "bmp")
    return start.size() >= 10 && start.substr(6, 4) == std::string_view("\0\0\0\0", 4) ? format : "";
  if (format == "pnm")
    return is(2, ::isspace) && is(3, [](int c) { return ::isdigit(c) != 0 || c == '#'; }) ? format : "";
  return format;
}

// "a, b and 3 more".
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 3;
  const auto shown = static_cast<std::ptrdiff_t>(std::min(names.size(), kNamed));
  const std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  return names.size() > kNamed ? fmt::format("{} and {} more", text, names.size() - kNamed) : text;
}

struct Walk {
  fs::path root;
  const std::function<void(const std::string&)>& warn;
  std::vector<ListedFile> files;
  std::vector<Identity> above;  // parent folders: a link back to one of them is a cycle
  std::vector<std::string> runs, misnamed;
  bool root_is_run = false;

  void folder(const fs::path& path, const std::string& prefix) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return;
    const Identity self{info.st_dev, info.st_ino};
    if (std::find(above.begin(), above.end(), self) != above.end()) return;
    if (is_run(path)) {
      if (!above.empty()) {
        runs.push_back(prefix.substr(0, prefix.size() - 1));
        return;
      }
      root_is_run = true;
    }
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
    if (root_is_run && (name == "samples" || name == "checkpoints" || name == "loss.png")) return;
    struct stat info {};
    if (::stat(path.c_str(), &info) !=
        0) {  // a dangling link: kept if named like an image, so that it is reported
      if (has_image_extension(path)) files.push_back({name, -1, 0});
      return;
    }
    if (S_ISDIR(info.st_mode)) {
      folder(path, name + "/");
    } else if (S_ISREG(info.st_mode) && is_image(path, name)) {
      files.push_back(
          {name, info.st_size, std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec});
    }
  }

  bool is_image(const fs::path& path, const std::string& name) {
    if (has_image_extension(path)) return true;
    const std::string format = format_in(path);
    if (!path.has_extension()) return !format.empty();
    // Raw photographs are TIFF files too, which no decoder here develops.
    if (!format.empty() && format != "tiff") misnamed.push_back(name);
    return false;
  }

  void report() {
    if (!warn) return;
    std::sort(runs.begin(), runs.end());
    std::sort(misnamed.begin(), misnamed.end());
    if (!runs.empty())
      warn(fmt::format("left out of {}: {}, written by sumi train", root.string(), some_of(runs)));
    if (root_is_run)
      warn(fmt::format("left out of {}: samples, checkpoints and loss.png, for it is a run of sumi train",
                       root.string()));
    if (!misnamed.empty())
      warn(fmt::format("left out of {}: {}, {}; rename to .jpg, .png ...", root.string(), some_of(misnamed),
                       misnamed.size() == 1 ? "an image whose extension is none of an image"
                                            : "images whose extensions are none of images"));
  }
};

// Returns why `dir` cannot store `bytes`, or "".
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

std::vector<ListedFile> list_images(const fs::path& folder,
                                    const std::function<void(const std::string&)>& warn) {
  Walk walk{folder, warn, {}, {}, {}, {}};
  walk.folder(folder, "");
  walk.report();
  std::sort(walk.files.begin(), walk.files.end(),
            [](const ListedFile& a, const ListedFile& b) { return a.name < b.name; });
  return std::move(walk.files);
}

void report_nothing(const fs::path& folder) {
  std::error_code error;
  if (fs::is_regular_file(folder, error))
    fail("data " + folder.string(), "is an archive without images (png, jpg, webp, ...); add some");
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().find("idx") != std::string::npos)
      fail("data " + folder.string(),
           fmt::format("is a folder without images, but it has an idx file; try --data {}",
                       entry.path().string()));
  fail("data " + folder.string(),
       "is a folder without images (png, jpg, webp, ...); check the path or add some");
}

std::vector<fs::path> cache_candidates(const fs::path& wished, const fs::path& fallback) {
  std::vector<fs::path> dirs;
  const char* xdg = variable("XDG_CACHE_HOME");
  const char* home = variable("HOME");
  if (!wished.empty())
    dirs.push_back(wished);
  else if (xdg && fs::path(xdg).is_absolute())  // the XDG specification says to ignore relative
                                                // ones
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
