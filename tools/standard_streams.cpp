#include "tools/standard_streams.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "engine/error.h"

namespace sumi::cli {
namespace {

constexpr const char* kWhere = "image stdin";
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 31;
constexpr std::size_t kBlock = 1 << 16;

// Returns false where the file takes no more.
bool write_all(int file, const char* data, std::size_t count) {
  while (count > 0) {
    const ssize_t done = ::write(file, data, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    data += done;
    count -= static_cast<std::size_t>(done);
  }
  return true;
}

void copy_standard_input(int file) {
  std::vector<char> block(kBlock);
  std::uint64_t total = 0;
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      fail(kWhere, fmt::format("cannot be read: {}; give the name of a file", std::strerror(errno)));
    if (got == 0) break;
    total += static_cast<std::uint64_t>(got);
    if (total > kMostBytes) fail(kWhere, "has more than 2 GiB, the limit for an image; give a file");
    if (!write_all(file, block.data(), static_cast<std::size_t>(got)))
      fail(kWhere,
           fmt::format("does not fit into memory: {}; give the name of a file", std::strerror(errno)));
  }
  if (total == 0) fail(kWhere, "is empty (0 bytes); check the command that writes it");
}

}  // namespace

StandardInput::StandardInput() {
  if (::isatty(STDIN_FILENO) != 0)
    fail(kWhere, "is a terminal; pipe an image into sumi, or give the name of a file");
  file_ = ::memfd_create("stdin", MFD_CLOEXEC);
  if (file_ < 0)
    fail(kWhere, fmt::format("cannot be kept: {}; give the name of a file", std::strerror(errno)));
  try {
    copy_standard_input(file_);
  } catch (...) {
    ::close(file_);
    throw;
  }
}

StandardInput::~StandardInput() {
  ::close(file_);
}

std::filesystem::path StandardInput::path() const {
  return fmt::format("/proc/self/fd/{}", file_);
}

void write_standard_output(std::string_view bytes) {
  std::fflush(stdout);
  if (!write_all(STDOUT_FILENO, bytes.data(), bytes.size()))
    fail("write stdout", fmt::format("cannot be written: {}; check the command that reads it, or give a file",
                                     std::strerror(errno)));
}

bool standard_output_is_terminal() {
  return ::isatty(STDOUT_FILENO) != 0;
}

}  // namespace sumi::cli
