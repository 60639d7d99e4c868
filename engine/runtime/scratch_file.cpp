#include "engine/runtime/scratch_file.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "engine/error.h"

namespace sumi {
namespace {

[[noreturn]] void scratch_failed(const std::filesystem::path& directory, const char* what, int error) {
  const char* const cure = error == ENOSPC || error == EDQUOT
                               ? "make room, or set TMPDIR to a directory on another disk"
                               : "set TMPDIR to another directory";
  fail("scratch " + directory.string(),
       std::string("cannot ") + what + " a temporary file: " + std::strerror(error) + "; " + cure);
}

}  // namespace

ScratchFile::ScratchFile(std::filesystem::path directory, std::uint64_t bytes)
    : directory_(std::move(directory)) {
  std::string name = (directory_ / ".sumi-scratch-XXXXXX").string();
  fd_ = mkostemp(name.data(), O_CLOEXEC);
  if (fd_ < 0) scratch_failed(directory_, "create", errno);
  unlink(name.c_str());
  const auto size = static_cast<off_t>(bytes);
  if (fallocate(fd_, 0, 0, size) == 0) return;
  int error = errno;
  if ((error == EOPNOTSUPP || error == ENOSYS) && ftruncate(fd_, size) == 0) return;
  if (error == EOPNOTSUPP || error == ENOSYS) error = errno;
  close(fd_);
  scratch_failed(directory_, "reserve", error);
}

ScratchFile::~ScratchFile() {
  close(fd_);
}

void ScratchFile::write(std::uint64_t offset, const void* data, std::size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = pwrite(fd_, from, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) scratch_failed(directory_, "write", n < 0 ? errno : ENOSPC);
    from += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
  }
}

void ScratchFile::read(std::uint64_t offset, void* data, std::size_t bytes) const {
  auto* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t n = pread(fd_, to, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) scratch_failed(directory_, "read", n < 0 ? errno : EIO);
    to += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
  }
}

std::filesystem::path scratch_directory() {
  const char* const chosen = std::getenv("TMPDIR");
  return chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
}

std::uint64_t free_disk_space(const std::filesystem::path& directory) {
  struct statvfs disk {};
  if (statvfs(directory.c_str(), &disk) != 0) return 0;
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

}  // namespace sumi
