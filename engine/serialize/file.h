// Atomic replacement, mapping and locking of files. Every failure is one sumi::Error that names the
// path and the cure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace sumi {

// A new version of `target`, written beside it as `.NAME.tmp-PID-K` and renamed over it by
// commit(). If it is destroyed without commit(), the temporary is removed and the old file remains.
// A symbolic link to a file is followed. The constructor throws Error if target is a folder, a
// device or read-only, or if its folder is missing or not writable. The first use in a folder
// removes temporaries of killed writers.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // The temporary file: initially empty, and locked while this object lives, which distinguishes it
  // from those of dead writers.
  const std::filesystem::path& temporary() const { return temporary_; }
  // fsync, rename, fsync of the folder. Preserves the permissions of the replaced file.
  void commit();

 private:
  void create_temporary();

  std::filesystem::path target_, temporary_;
  int lock_ = -1;
  bool done_ = false;
};

// Writes the bytes of a file, buffered.
class FileWriter {
 public:
  FileWriter(std::filesystem::path shown, const std::filesystem::path& file);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  // Overwrites bytes written before, for a header whose fields are known only at the end.
  void rewrite(std::uint64_t offset, const void* data, std::size_t bytes);
  std::uint64_t written() const { return flushed_ + buffer_.size(); }
  void close();

 private:
  void flush();
  void put(const char* data, std::size_t bytes, std::uint64_t offset);

  std::filesystem::path shown_;  // path in errors: the target, not the temporary
  int fd_ = -1;
  std::uint64_t flushed_ = 0;
  std::string buffer_;
};

// On return the new content is on disk; after an Error (including one thrown by `body`) the old
// file is unchanged.
void write_file_atomically(const std::filesystem::path& path, const std::function<void(FileWriter&)>& body);
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// Returns the whole file. Throws Error if it is larger than max_bytes, missing, or not a regular
// file.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

// Removes temporaries of killed writers in `dir` (not recursive): those that no process holds
// locked. A lock ends with its process, however that ends, and is visible from other containers
// too. On file systems without flock: those of processes that no longer exist, ten minutes after
// the last write.
void remove_stale_temporaries(const std::filesystem::path& dir);

// Ensures one writer per run directory: flock on DIR/.lock, released by the destructor or by the
// process's death. Throws Error "run directory X is in use by process N". On file systems without
// flock held() is false.
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

// A read-only memory-mapped file. Remains valid if the path is replaced or removed.
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

// The path of the file mapped at this address, or null. Async-signal-safe: for a SIGBUS handler,
// since accesses to a mapped file fail with SIGBUS if the file is truncated or its disk fails.
const char* mapped_file_at(const void* address);

}  // namespace sumi
