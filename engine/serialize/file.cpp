#include "engine/serialize/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include "kernels/base/check.h"

namespace sumi {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBuffer = 1 << 16;
// bytes of the target's name in a temporary's name, which may have 255
constexpr std::size_t kMaxName = 200;

const char* cure(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "free some space or choose another folder";
    case EROFS:
    case EACCES:
    case EPERM:
      return "choose a folder that you may write to";
    case ENOENT:
    case ENOTDIR:
      return "create the folder first or correct the path";
    case EFBIG:
      return "the limit on file sizes (ulimit -f) is too low";
    default:
      return "check the disk and the path";
  }
}

[[noreturn]] void fail_write(const fs::path& path, int error) {
  fail("write " + path.string(), fmt::format("{}; {}", std::strerror(error), cure(error)));
}

[[noreturn]] void fail_read(const fs::path& path, int error) {
  const char* hint = error == ENOENT || error == ENOTDIR ? "check the path"
                     : error == EACCES                   ? "check its permissions"
                     : error == ENOMEM ? "it is larger than this process may map (ulimit -v)"
                                       : "check the disk";
  fail("read " + path.string(), fmt::format("{}; {}", std::strerror(error), hint));
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  operator int() const { return fd_; }

 private:
  int fd_;
};

// O_NONBLOCK so that a named pipe in place of a file is rejected instead of waited for.
int open_regular(const fs::path& path, struct stat& info) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) fail_read(path, errno);
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    fail("read " + path.string(),
         S_ISDIR(info.st_mode) ? "is a folder, a file is wanted" : "is not a regular file");
  }
  return fd;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Returns the process id in `.NAME.tmp-PID-K[.EXT]`, or 0.
pid_t temporary_owner(const std::string& name) {
  const auto mark = name.rfind(".tmp-");
  if (name.empty() || name[0] != '.' || mark == std::string::npos || mark == 0) return 0;
  int pid = 0, serial = 0, used = 0;
  if (std::sscanf(name.c_str() + mark, ".tmp-%9d-%9d%n", &pid, &serial, &used) != 2 || pid <= 0) return 0;
  const char next = name[mark + static_cast<std::size_t>(used)];
  return next == '\0' || next == '.' ? pid : 0;
}

// Returns true if the path leads to the open file.
bool is_named(int fd, const fs::path& path) {
  struct stat held {
  }, named{};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

int try_lock(int fd) {
  int result;
  do result = ::flock(fd, LOCK_EX | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result;
}

// Runs once for each folder that this process writes to.
void clean_folder(const fs::path& dir) {
  static std::mutex mutex;
  static std::set<fs::path> cleaned;
  const std::lock_guard lock(mutex);
  if (cleaned.insert(dir).second) remove_stale_temporaries(dir);
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& target) : target_(target) {
  std::error_code ignored;
  const auto status = fs::status(target, ignored);
  if (fs::is_directory(status) || !target.has_filename())
    fail("write " + target.string(), "is a folder; give the name of a file");
  if (fs::exists(status)) {
    if (!fs::is_regular_file(status))
      fail("write " + target.string(), "is not a regular file; give another name");
    if (::access(target.c_str(), W_OK) != 0) fail_write(target, errno);
    // replace the target of a symbolic link, not the link
    const auto real = fs::canonical(target, ignored);
    if (!real.empty()) target_ = real;
  }
  if (!fs::is_directory(folder_of(target_), ignored)) fail_write(target_, ENOENT);
  clean_folder(folder_of(target_));
  create_temporary();
}

void AtomicFile::create_temporary() {
  static std::atomic<unsigned> serial{0};
  const std::string stem = target_.filename().string().substr(0, kMaxName);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    temporary_ = folder_of(target_) / fmt::format(".{}.tmp-{}-{}", stem, ::getpid(), serial++ % 1000000);
    lock_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (lock_ < 0 && errno == EEXIST) continue;  // same process id, in another container
    if (lock_ < 0) fail_write(target_, errno);
    // Another process may have cleaned the folder between the two calls.
    const bool taken = try_lock(lock_) != 0 && errno == EWOULDBLOCK;
    std::error_code unknown;
    if (!taken && fs::exists(temporary_, unknown)) return;
    ::close(std::exchange(lock_, -1));
  }
  fail_write(target_, EEXIST);
}

AtomicFile::~AtomicFile() {
  std::error_code ignored;
  if (!done_) fs::remove(temporary_, ignored);
  ::close(lock_);
}

void AtomicFile::commit() {
  {
    const Fd fd(::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd < 0) fail_write(target_, errno);
    struct stat old {};
    if (::stat(target_.c_str(), &old) == 0) std::ignore = ::fchmod(fd, old.st_mode & 07777);
    if (::fsync(fd) != 0) fail_write(target_, errno);
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_write(target_, errno);
  done_ = true;
  // The directory entry must reach the disk too. Some file systems cannot sync a folder (EINVAL),
  // which is ignored.
  const Fd dir(::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir >= 0 && ::fsync(dir) != 0 && errno == EIO) fail_write(target_, EIO);
}

FileWriter::FileWriter(fs::path shown, const fs::path& file) : shown_(std::move(shown)) {
  fd_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd_ < 0) fail_write(shown_, errno);
  buffer_.reserve(kBuffer);
}

FileWriter::~FileWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void FileWriter::put(const char* data, std::size_t bytes, std::uint64_t offset) {
  while (bytes > 0) {
    const auto n = ::pwrite(fd_, data, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_write(shown_, n == 0 ? ENOSPC : errno);
    data += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
  }
}

void FileWriter::flush() {
  put(buffer_.data(), buffer_.size(), flushed_);
  flushed_ += buffer_.size();
  buffer_.clear();
}

void FileWriter::write(const void* data, std::size_t bytes) {
  if (bytes == 0) return;
  if (buffer_.size() + bytes > kBuffer) flush();
  if (bytes > kBuffer) {
    put(static_cast<const char*>(data), bytes, flushed_);
    flushed_ += bytes;
  } else {
    buffer_.append(static_cast<const char*>(data), bytes);
  }
}

void FileWriter::rewrite(std::uint64_t offset, const void* data, std::size_t bytes) {
  if (offset + bytes > written()) fail("write " + shown_.string(), "rewrite past the end (a bug in sumi)");
  flush();
  put(static_cast<const char*>(data), bytes, offset);
}

void FileWriter::close() {
  flush();
  const int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0 && errno != EINTR) fail_write(shown_, errno);
}

void write_file_atomically(const fs::path& path, const std::function<void(FileWriter&)>& body) {
  AtomicFile file(path);
  FileWriter writer(path, file.temporary());
  body(writer);
  writer.close();
  file.commit();
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  write_file_atomically(path, [&](FileWriter& w) { w.write(bytes); });
}

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  struct stat info {};
  const Fd fd(open_regular(path, info));
  const auto too_large = [&](std::uint64_t size) {
    fail("read " + path.string(),
         fmt::format("has {} bytes, more than the {} that such a file may have; is it the right file?", size,
                     max_bytes));
  };
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > max_bytes) too_large(size);
  std::string text(size, '\0');
  std::size_t got = 0;
  // to the end, not to st_size: /proc files report 0, and a log may grow meanwhile
  while (true) {
    if (got == text.size()) text.resize(got + 4096);
    const auto n = ::read(fd, text.data() + got, text.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_read(path, errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
    if (got > max_bytes) too_large(got);
  }
  text.resize(got);
  return text;
}

void remove_stale_temporaries(const fs::path& dir) {
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    const pid_t owner = temporary_owner(it->path().filename().string());
    if (owner == 0) continue;
    const Fd fd(::open(it->path().c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd < 0) continue;
    bool stale = try_lock(fd) == 0;
    if (!stale && errno != EWOULDBLOCK) {
      const bool alive = ::kill(owner, 0) == 0 || errno == EPERM;
      std::error_code unknown;
      const auto written = fs::last_write_time(it->path(), unknown);
      stale = !alive && !unknown && written + std::chrono::minutes(10) < fs::file_time_type::clock::now();
    }
    std::error_code ignored;
    if (stale) fs::remove(it->path(), ignored);
  }
}

FileLock::FileLock(const fs::path& dir) {
  const auto path = dir / ".lock";
  int result;
  for (int attempt = 0;; ++attempt) {
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd_ < 0) fail_write(path, errno);
    result = try_lock(fd_);
    if (result != 0 || is_named(fd_, path) || attempt == 100) break;
    ::close(fd_);  // removed by a run that failed at startup
  }
  if (result != 0 && errno == EWOULDBLOCK) {
    char text[32] = {};
    const auto n = ::pread(fd_, text, sizeof text - 1, 0);
    const long pid = n > 0 ? std::strtol(text, nullptr, 10) : 0;
    ::close(std::exchange(fd_, -1));
    fail("run directory " + dir.string(),
         fmt::format("is in use by process {}; wait for it, stop it, or choose another --outdir",
                     pid > 0 ? std::to_string(pid) : "(unknown)"));
  }
  held_ = result == 0;
  if (!held_) return;
  // for information: the lock itself is the flock
  const auto pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd_, 0) == 0) std::ignore = ::pwrite(fd_, pid.data(), pid.size(), 0);
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

FileLock::FileLock(FileLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), held_(std::exchange(other.held_, false)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(held_, other.held_);
  return *this;
}

namespace {

// Read by mapped_file_at, which must not lock: a slot's contents are written before its address.
struct Mapping {
  std::atomic<const std::byte*> begin{nullptr};
  std::size_t size = 0;
  std::array<char, 512> path{};
};
std::array<Mapping, 64> mappings;  // further mappings are not known by name
std::mutex mappings_mutex;

void remember_mapping(const std::byte* data, std::size_t size, const std::string& path) {
  const std::lock_guard lock(mappings_mutex);
  for (Mapping& m : mappings)
    if (m.begin.load() == nullptr) {
      m.size = size;
      m.path[path.copy(m.path.data(), m.path.size() - 1)] = '\0';
      m.begin.store(data);
      return;
    }
}

void forget_mapping(const std::byte* data) {
  const std::lock_guard lock(mappings_mutex);
  for (Mapping& m : mappings)
    if (m.begin.load() == data) m.begin.store(nullptr);
}

}  // namespace

const char* mapped_file_at(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (const Mapping& m : mappings) {
    const auto begin = reinterpret_cast<std::uintptr_t>(m.begin.load());
    if (begin != 0 && at >= begin && at - begin < m.size) return m.path.data();
  }
  return nullptr;
}

MappedFile::MappedFile(const fs::path& path) {
  struct stat info {};
  const Fd fd(open_regular(path, info));
  size_ = static_cast<std::size_t>(info.st_size);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) fail_read(path, errno);
  data_ = static_cast<const std::byte*>(mapped);
  remember_mapping(data_, size_, path.string());
}

MappedFile::~MappedFile() {
  if (!data_) return;
  forget_mapping(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace sumi
