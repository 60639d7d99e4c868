#include "engine/data/image_folder.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "engine/image/codecs.h"
#include "engine/image/image_file.h"
#include "engine/image/image_formats.h"
#include "engine/serialize/file.h"
#include "engine/serialize/zip_file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

struct ImageFolder::Archive {
  explicit Archive(const fs::path& path)
      : file(path), zip({reinterpret_cast<const char*>(file.data()), file.size()}, "data " + path.string()) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0)
      mtime_ns = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
  }
  MappedFile file;
  ZipFile zip;
  std::int64_t mtime_ns = 0;
};

namespace {

// A file without a name, in memory.
class MemoryFile {
 public:
  MemoryFile(const std::string& where, std::string_view bytes) : fd_(::memfd_create("sumi", MFD_CLOEXEC)) {
    while (fd_ >= 0 && !bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fd_ >= 0 && bytes.empty()) return;
    const int reason = errno;
    if (fd_ >= 0) ::close(fd_);
    fail(where,
         fmt::format("cannot be unpacked in memory ({}); unpack the archive by hand", std::strerror(reason)));
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
};

bool is_hidden(const std::string& name) {
  return name.starts_with(".") || name.find("/.") != std::string::npos || name.starts_with("__MACOSX/");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

bool is_archive(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  std::array<char, 4> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  const std::string_view magic(start.data(), start.size());
  return magic == "PK\3\4" || magic == "PK\5\6";  // the second: an empty archive
}

ImageFolder::ImageFolder(const fs::path& path)
    : path_(path), archive_(is_archive(path) ? std::make_shared<const Archive>(path) : nullptr) {}

std::vector<ListedFile> ImageFolder::list(const std::function<void(const std::string&)>& warn) const {
  if (!archive_) return list_images(path_, warn);
  std::vector<ListedFile> files;
  for (const ZipEntry& entry : archive_->zip.entries())
    if (has_image_extension(entry.name) && !entry.name.ends_with('/') && !is_hidden(entry.name))
      files.push_back({entry.name, static_cast<std::int64_t>(entry.size), archive_->mtime_ns});
  std::sort(files.begin(), files.end(),
            [](const ListedFile& a, const ListedFile& b) { return a.name < b.name; });
  return files;
}

void ImageFolder::with_file(const std::string& name, const std::function<void(const fs::path&)>& read) const {
  if (!archive_) return read(path_ / name);
  const std::string path = (path_ / name).string();
  const ZipEntry* entry = archive_->zip.find(name);
  if (!entry) fail("image " + path, "is not in the archive");
  const MemoryFile file("image " + path, archive_->zip.unpacked(*entry, kMaxImageBytes));
  try {
    read(file.path());
  } catch (const CodecsUnavailable&) {
    throw;
  } catch (const Error& error) {
    throw Error(replaced(error.what(), file.path(), path));
  }
}

}  // namespace sumi::io
