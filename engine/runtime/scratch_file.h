// Temporary files for data that does not fit in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace sumi {

// A file of fixed size without a name: it vanishes when it is closed, however the process ends. All
// failures throw Error "[scratch DIRECTORY] ...".
class ScratchFile {
 public:
  // Reserves `bytes` on the disk, so that a full disk is noticed here where the file system can
  // reserve, and otherwise when written.
  ScratchFile(std::filesystem::path directory, std::uint64_t bytes);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  void write(std::uint64_t offset, const void* data, std::size_t bytes);
  void read(std::uint64_t offset, void* data, std::size_t bytes) const;

 private:
  std::filesystem::path directory_;
  int fd_ = -1;
};

// The directory for scratch files: $TMPDIR if it is set, else /var/tmp, because /tmp is often in
// memory.
std::filesystem::path scratch_directory();

// Bytes that this user can write there; 0 if the system does not tell.
std::uint64_t free_disk_space(const std::filesystem::path& directory);

}  // namespace sumi
