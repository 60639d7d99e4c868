// Shared parts of the fuzz targets: input as a file, and the tested guarantee.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "engine/error.h"

// libFuzzer's entry point. test_fuzz compiles each target with another name here.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

// A file with the input. Without an extension it is a memfd and its path /proc/self/fd/N; with one
// (".tga"), for formats identified by name, a file in /dev/shm or the temporary folder, removed at
// the end.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& extension = "");
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // Replaces the contents; the path stays the same.
  const std::filesystem::path& put(const void* data, std::size_t size);

 private:
  int fd_ = -1;
  std::filesystem::path path_;
  bool named_ = false;
};

// Invalid input must end in sumi::Error, on one line that names the file. Anything else, including
// other exceptions, is a finding.
template <class Use>
void use_or_refuse(const std::filesystem::path& path, Use&& use) {
  try {
    use();
  } catch (const sumi::Error& error) {
    const std::string what = error.what();
    if (what.find('\n') == std::string::npos && what.find(path.string()) != std::string::npos) return;
    std::fprintf(stderr, "an error that is no line with the name of the file: %s\n", what.c_str());
    std::abort();
  }
}

// Reads every byte, so that invalid memory is detected.
void touch(const void* data, std::size_t size);

// For conditions that must hold for accepted input.
void require(bool truth, const char* what);

}  // namespace fuzz
