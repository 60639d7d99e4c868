// Runs the program like a user; the environment variable SUMI has its path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "tests/support.h"

namespace program {

using sumi::test::has;

// A fresh folder that is removed at the end. It also holds the program's cache.
class Folder {
 public:
  const std::filesystem::path& path() const { return dir_.path; }
  std::filesystem::path operator/(const std::string& name) const { return path() / name; }

 private:
  sumi::test::TempDir dir_;
};

struct Result {
  int code = -1;  // exit code, 128 + signal when killed
  std::string out, err;
  double seconds = 0;  // of a processor, which no other program on the machine can stretch
};

// Runs `sumi ARGUMENTS` with `folder` as the working directory; the shell splits the arguments,
// which may contain pipes and redirections. `memory`: limit of the address space in bytes (0:
// none).
Result run(const Folder& folder, const std::string& arguments, std::uint64_t memory = 0);

// Starts `sumi ARGUMENTS`, waits until `ready` (at most a minute), sends the signal.
Result run_and_signal(const Folder& folder, const std::string& arguments, int signal,
                      const std::function<bool()>& ready);

std::string read(const std::filesystem::path& path);
void write(const std::filesystem::path& path, const std::string& text);
int count_lines(const std::string& text);

// Writes `count` different images of size x size to folder/NAME.
void write_images(const Folder& folder, const std::string& name, int count, int size);

// Names of tensors of two safetensors files whose bytes differ or that only one has,
// comma-separated; "" if the files agree.
std::string differing_tensors(const std::filesystem::path& a, const std::filesystem::path& b);

// Checks for one line on stderr that begins with "sumi: ", the exit code, and the text.
void check_error(const Result& result, int code, const std::string& part);

// A dcgan that trains in milliseconds, on folder/images.
inline const std::string kTiny =
    "train dcgan --data pictures --size 16 --ngf 4 --ndf 4 --nz 8 --batch-size 4 --workers 1 --seed 5 "
    "--threads 1 ";

}  // namespace program
