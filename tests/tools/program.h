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

// A fresh folder that is removed at the end. The program's cache goes there too.
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

// `sumi ARGUMENTS` with `folder` as the working directory; the arguments are split as the shell does it, and may have its pipes and
// redirections. `memory`: bytes of address space that it may have (0: any).
Result run(const Folder& folder, const std::string& arguments, std::uint64_t memory = 0);

// Starts `sumi ARGUMENTS`, waits until `ready` (at most a minute), sends the signal.
Result run_and_signal(const Folder& folder, const std::string& arguments, int signal,
                      const std::function<bool()>& ready);

std::string read(const std::filesystem::path& path);
void write(const std::filesystem::path& path, const std::string& text);
int count_lines(const std::string& text);

// `count` different images of size x size in folder/NAME.
void write_images(const Folder& folder, const std::string& name, int count, int size);

// Names of tensors of two safetensors files whose bytes differ or that only one has, comma separated; "" when
// none.
std::string differing_tensors(const std::filesystem::path& a, const std::filesystem::path& b);

// One line on stderr that begins with "sumi: ", the code, and the words.
void check_error(const Result& result, int code, const std::string& part);

// A dcgan that trains in milliseconds, on folder/images.
inline const std::string kTiny =
    "train dcgan --data pictures --size 16 --ngf 4 --ndf 4 --nz 8 --batch-size 4 --workers 1 --seed 5 "
    "--threads 1 ";

}  // namespace program
