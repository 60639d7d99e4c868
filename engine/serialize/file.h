// Files that are whole or absent: atomic replacement, mapping, locking. Every failure is one sumi::Error that
// names the path and the cure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace sumi {

// A new version of `target`, written beside it as `.NAME.tmp-PID-K` and renamed over it by commit().
// Destroyed without commit(), it removes the temporary and leaves the old file as it was. A symbolic link to
// a file is followed. Errors at construction: target is a folder, a device or read-only; its folder is
// missing or takes no files. The first in a folder removes what killed writers left there.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Empty at first, and locked as long as this lives, which tells it from a dead writer's.
  const std::filesystem::path& temporary() const { return temporary_; }
  // fsync, rename, fsync of the folder. Keeps the permissions of the file that it replaces.
  void commit();

 private:
  void create_temporary();

  std::filesystem::path target_, temporary_;
  int lock_ = -1;
  bool done_ = false;
};

// Receives the bytes of a file that is being written. Buffered.
class FileWriter {
 public:
  FileWriter(std::filesystem::path shown, const std::filesystem::path& file);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  // Replaces bytes that were written before, for a header whose fields are known only at the end.
  void rewrite(std::uint64_t offset, const void* data, std::size_t bytes);
  std::uint64_t written() const { return flushed_ + buffer_.size(); }
  void close();

 private:
  void flush();
  void put(const char* data, std::size_t bytes, std::uint64_t offset);

  std::filesystem::path shown_;  // what errors name: the target, not the temporary
  int fd_ = -1;
  std::uint64_t flushed_ = 0;
  std::string buffer_;
};

// After a return the new content is on disk; after an Error (also one thrown by `body`) the old file is
// untouched.
void write_file_atomically(const std::filesystem::path& path, const std::function<void(FileWriter&)>& body);
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// The whole file. Error when it is larger than max_bytes, missing, or not a regular file.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

// Removes what killed writers left in `dir` (not recursive): temporaries that nobody holds locked. A lock ends
// with its process, however that ends, and is seen from other containers too. On file systems without flock:
// those of processes that are gone, ten minutes after the last byte.
void remove_stale_temporaries(const std::filesystem::path& dir);

// One writer per run directory: flock on DIR/.lock, released by the destructor or by the death of the
// process. Error "run directory X is in use by process N". On file systems without flock held() is false.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& dir);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;

  bool held() const { return held_; }

 private:
  int fd_ = -1;
  bool held_ = false;
};

// A file in memory, read-only, paged in as it is read. Stays valid when the path is replaced or removed.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  const std::byte* data() const { return data_; }  // page-aligned; null for an empty file
  std::size_t size() const { return size_; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// The file that is mapped at this address, or null. For a handler of SIGBUS, which is what a mapped file sends
// when somebody cuts it off or its disk fails; may be called in one.
const char* mapped_file_at(const void* address);

}  // namespace sumi
