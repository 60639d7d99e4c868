// Scratch files.
#include "engine/runtime/scratch_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "engine/error.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of;
using sumi::test::TempDir;

TEST_CASE("scratch file: holds what was written, and leaves no name") {
  const TempDir dir;
  ScratchFile file(dir.path, 1000);
  CHECK(std::filesystem::is_empty(dir.path));
  const std::string text = "0123456789";
  file.write(990, text.data(), text.size());
  file.write(3, text.data(), 4);
  std::string read(10, 'x');
  file.read(990, read.data(), read.size());
  CHECK(read == text);
  file.read(0, read.data(), 7);
  CHECK(read.substr(3, 4) == "0123");
  CHECK(read[0] == '\0');
}

TEST_CASE("scratch file: a full disk and a missing directory are named, with the cure") {
  const TempDir dir;
  const std::string full = error_of([&] { const ScratchFile file(dir.path, std::uint64_t{1} << 60); });
  CHECK(full.find("[scratch " + dir.path.string() + "] cannot reserve a temporary file: ") == 0);
  CHECK(full.find("TMPDIR") != std::string::npos);
  CHECK(std::filesystem::is_empty(dir.path));
  CHECK(error_of([&] { const ScratchFile file(dir.path / "none", 1); }).find("cannot create") !=
        std::string::npos);
  CHECK(free_disk_space(dir.path) > 0);
  CHECK(free_disk_space(dir.path / "none") == 0);
}
