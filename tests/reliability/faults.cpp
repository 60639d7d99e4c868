// A disk that fails on purpose: preloaded into a program (LD_PRELOAD), it makes the n-th call on
// files fail, or changes a file just before it. Controlled by the environment:
//   FAULT_UNDER   only calls on files below this folder count
//   FAULT_CALLS   "write" (opening for writing, writing, fsync, rename, mkdir, close) or
//                 "read" (opening for reading, reading, mapping)
//   FAULT_AT      the number of the call, from 1; 0: count only
//   FAULT_ACTION  an errno: the call fails with it; "cut PATH": half of PATH is cut off;
//                 "move PATH": PATH is renamed; "crop PATH": ten bytes are left; then the call
//                 continues
//   FAULT_STAYS   "1": later calls fail as well, as on a full disk
//   FAULT_COUNT   a file that receives the number of calls at the end
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <tuple>

namespace {

template <class F>
F real(const char* name, F) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}
#define REAL(function) static const auto next = real(#function, &::function)

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::atomic<long> calls{0};

void act(const std::string& action) {
  const auto space = action.find(' ');
  const std::string what = action.substr(0, space), path = action.substr(space + 1);
  struct stat info {};
  if (what == "move")
    std::ignore = ::syscall(SYS_rename, path.c_str(), (path + ".moved").c_str());
  else if (::stat(path.c_str(), &info) == 0)
    std::ignore = ::truncate(path.c_str(), what == "cut" ? info.st_size / 2 : 10);
}

// Counts the call; whether it must fail, with errno set.
bool must_fail(const char* kind, const std::string& path) {
  static const std::string under = setting("FAULT_UNDER"), kinds = setting("FAULT_CALLS"),
                           action = setting("FAULT_ACTION");
  static const long at = std::atol(setting("FAULT_AT").c_str());
  static const bool stays = setting("FAULT_STAYS") == "1";
  if (under.empty() || kinds != kind || path.compare(0, under.size(), under) != 0) return false;
  const long number = ++calls;
  if (at == 0 || number < at || (number > at && !stays)) return false;
  if (const int error = std::atoi(action.c_str()); error > 0) {
    errno = error;
    return true;
  }
  act(action);
  return false;
}

std::string full(const char* path) {
  if (path == nullptr || *path == '/') return path ? path : "";
  char folder[4096];
  return std::string(::getcwd(folder, sizeof folder) ? folder : "") + "/" + path;
}

std::string of(int fd) {
  char name[4096];
  const auto length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof name);
  return length > 0 ? std::string(name, static_cast<std::size_t>(length)) : "";
}

const char* kind_of(int flags) {
  return (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0 ? "write" : "read";
}

struct Report {
  ~Report() {
    const std::string file = setting("FAULT_COUNT");
    if (file.empty()) return;
    if (std::FILE* out = std::fopen(file.c_str(), "w")) {
      std::fprintf(out, "%ld\n", calls.load());
      std::fclose(out);
    }
  }
} report;

}  // namespace

extern "C" {

#define OPEN(name)                                                               \
  int name(const char* path, int flags, ...) {                                   \
    REAL(name);                                                                  \
    va_list rest;                                                                \
    va_start(rest, flags);                                                       \
    const mode_t mode = va_arg(rest, mode_t);                                    \
    va_end(rest);                                                                \
    return must_fail(kind_of(flags), full(path)) ? -1 : next(path, flags, mode); \
  }
#define FOPEN(name)                                                                             \
  FILE* name(const char* path, const char* mode) {                                              \
    REAL(name);                                                                                 \
    return must_fail(*mode == 'r' ? "read" : "write", full(path)) ? nullptr : next(path, mode); \
  }
#define PWRITE(name)                                                        \
  ssize_t name(int fd, const void* data, size_t bytes, off64_t offset) {    \
    REAL(name);                                                             \
    return must_fail("write", of(fd)) ? -1 : next(fd, data, bytes, offset); \
  }
OPEN(open)
OPEN(open64)
FOPEN(fopen)
FOPEN(fopen64)
PWRITE(pwrite)
PWRITE(pwrite64)
ssize_t write(int fd, const void* data, size_t bytes) {
  REAL(write);
  return must_fail("write", of(fd)) ? -1 : next(fd, data, bytes);
}
int fsync(int fd) {
  REAL(fsync);
  return must_fail("write", of(fd)) ? -1 : next(fd);
}
int ftruncate(int fd, off_t size) {
  REAL(ftruncate);
  return must_fail("write", of(fd)) ? -1 : next(fd, size);
}
int rename(const char* from, const char* to) {
  REAL(rename);
  return must_fail("write", full(from)) ? -1 : next(from, to);
}
int mkdir(const char* path, mode_t mode) {
  REAL(mkdir);
  return must_fail("write", full(path)) ? -1 : next(path, mode);
}
// Where buffered writers hear of a full disk, and others of a quota on a network.
int fclose(FILE* file) {
  REAL(fclose);
  const std::string path = of(::fileno(file));
  const bool written = (::fcntl(::fileno(file), F_GETFL) & O_ACCMODE) != O_RDONLY;
  const bool bad = written && must_fail("write", path);
  const int error = errno, result = next(file);
  if (bad) errno = error;
  return bad ? EOF : result;
}
int close(int fd) {
  REAL(close);
  const int flags = ::fcntl(fd, F_GETFL);
  const bool bad = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && must_fail("write", of(fd));
  const int error = errno, result = next(fd);
  if (bad) errno = error;
  return bad ? -1 : result;
}
ssize_t read(int fd, void* data, size_t bytes) {
  REAL(read);
  return must_fail("read", of(fd)) ? -1 : next(fd, data, bytes);
}
ssize_t pread(int fd, void* data, size_t bytes, off_t offset) {
  REAL(pread);
  return must_fail("read", of(fd)) ? -1 : next(fd, data, bytes, offset);
}
size_t fread(void* data, size_t size, size_t count, FILE* file) {
  REAL(fread);
  return must_fail("read", of(::fileno(file))) ? 0 : next(data, size, count, file);
}
void* mmap(void* at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  REAL(mmap);
  return fd >= 0 && must_fail("read", of(fd)) ? MAP_FAILED : next(at, bytes, protection, flags, fd, offset);
}

}  // extern "C"
