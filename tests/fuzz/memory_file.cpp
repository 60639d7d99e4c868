#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <numeric>

#include "tests/fuzz/target.h"

namespace fuzz {
namespace fs = std::filesystem;

MemoryFile::MemoryFile(const std::string& extension) : named_(!extension.empty()) {
  if (named_) {
    std::error_code ec;
    const fs::path shm = "/dev/shm", folder = fs::is_directory(shm, ec) ? shm : fs::temp_directory_path();
    path_ = folder / ("sumi-fuzz-" + std::to_string(::getpid()) + extension);
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  } else {
    fd_ = ::memfd_create("input", MFD_CLOEXEC);
    path_ = "/proc/self/fd/" + std::to_string(fd_);
  }
  require(fd_ >= 0, "a file in memory");
}

MemoryFile::~MemoryFile() {
  ::close(fd_);
  if (named_) ::unlink(path_.c_str());
}

const fs::path& MemoryFile::put(const void* data, std::size_t size) {
  require(::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, data, size, 0) == static_cast<ssize_t>(size),
          "room in memory");
  return path_;
}

void touch(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  [[maybe_unused]] volatile unsigned sum = std::accumulate(bytes, bytes + size, 0U);
}

void require(bool truth, const char* what) {
  if (truth) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

}  // namespace fuzz
