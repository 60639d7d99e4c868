// Which pictures a folder holds, and where the packed form of them may be kept. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sumi::io {

struct ListedFile {
  std::string name;  // relative to the folder, with '/'
  std::int64_t bytes = 0, mtime_ns = 0;
};

// Pictures below `folder`, sorted by name: files whose extension says so, and files without extension whose first bytes do.
// Links are followed, cycles of links are not; hidden files and folders are left out. So is what `sumi train` wrote: run
// directories below `folder`, and of a `folder` that is one itself the samples, checkpoints and curves. One line each goes to
// warn() for what was left out so, for pictures whose extension is none of a picture, and for each sub-folder that cannot be
// read.
std::vector<ListedFile> list_pictures(const std::filesystem::path& folder,
                                      const std::function<void(const std::string&)>& warn);

// Error for a folder in which list_pictures() found nothing.
[[noreturn]] void report_nothing(const std::filesystem::path& folder);

// The folder for a cache file of `bytes`: `wished`, or the user's cache folder when that is empty; if it
// cannot be written or is too full, `fallback` or the temporary folder, with one line to warn(). Created if
// needed.
std::filesystem::path choose_cache_dir(const std::filesystem::path& wished,
                                       const std::filesystem::path& fallback, std::uint64_t bytes,
                                       const std::function<void(const std::string&)>& warn);

// The places where choose_cache_dir looks, best first: so that a pack in any of them is found again.
std::vector<std::filesystem::path> cache_candidates(const std::filesystem::path& wished,
                                                    const std::filesystem::path& fallback);

}  // namespace sumi::io
