// The images in a folder, and the location of their pack. Private to the image and data libraries.
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

// Returns the images below `folder`, sorted by name: files with an image extension, and files
// without extension that begin with an image's magic number. Follows links but not cycles of links;
// skips hidden files and folders, and everything written by `sumi train`: run directories below
// `folder`, and if `folder` is one itself, its samples, checkpoints and curves. warn() receives one
// line for these, for images with a wrong extension, and for each unreadable subfolder.
std::vector<ListedFile> list_images(const std::filesystem::path& folder,
                                    const std::function<void(const std::string&)>& warn);

// Throws the Error for a folder or archive without images.
[[noreturn]] void report_nothing(const std::filesystem::path& folder);

// Returns the folder for a cache file of `bytes`: `wished`, or the user's cache folder if that is
// empty; if it is not writable or too full, `fallback` or the temporary folder, with one line to
// warn(). Creates it if needed.
std::filesystem::path choose_cache_dir(const std::filesystem::path& wished,
                                       const std::filesystem::path& fallback, std::uint64_t bytes,
                                       const std::function<void(const std::string&)>& warn);

// The folders that choose_cache_dir considers, best first, for finding an existing pack.
std::vector<std::filesystem::path> cache_candidates(const std::filesystem::path& wished,
                                                    const std::filesystem::path& fallback);

}  // namespace sumi::io
