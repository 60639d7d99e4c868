#include "engine/serialize/file.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "kernels/base/check.h"
#include "tests/support.h"

namespace fs = std::filesystem;
using namespace sumi;
using sumi::test::error_of, sumi::test::has, sumi::test::TempDir;

namespace {

std::size_t entries(const fs::path& dir) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("file: a written file reads back, a second write replaces it and keeps its permissions") {
  const TempDir dir;
  const auto path = dir.path / "a.txt";
  write_file_atomically(path, "one");
  CHECK(read_file(path, 100) == "one");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  write_file_atomically(path, "two");
  CHECK(read_file(path, 100) == "two");
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(entries(dir.path) == 1);
}

TEST_CASE("file: large pieces, small pieces and rewrites land where they belong") {
  const TempDir dir;
  const auto path = dir.path / "a.bin";
  std::string want;
  write_file_atomically(path, [&](FileWriter& w) {
    for (int i = 0; i < 300; ++i) {
      const std::string piece(static_cast<std::size_t>(i * 37 % 1000 + (i == 150 ? 200000 : 0)),
                              static_cast<char>('a' + i % 26));
      w.write(piece);
      want += piece;
      CHECK(w.written() == want.size());
    }
    w.rewrite(5, "HELLO", 5);
    want.replace(5, 5, "HELLO");
    w.write("end");
    want += "end";
  });
  CHECK(read_file(path, 1 << 24) == want);
}

TEST_CASE("file: an exception while writing leaves the old file and no temporary") {
  const TempDir dir;
  const auto path = dir.path / "a.txt";
  write_file_atomically(path, "old");
  const auto broken = [](FileWriter& w) {
    w.write("new");
    fail("test", "stop");
  };
  CHECK_THROWS_AS(write_file_atomically(path, broken), Error);
  CHECK(read_file(path, 100) == "old");
  CHECK(entries(dir.path) == 1);
}

TEST_CASE("file: a full disk is one error that names the path") {
  const TempDir dir;
  const auto path = dir.path / "a.txt";
  write_file_atomically(path, "old");
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto message = error_of([&] { write_file_atomically(path, std::string(100000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, handler);
  CHECK(has(message, path.string()));
  CHECK(has(message, "File too large"));
  CHECK(read_file(path, 100) == "old");
  CHECK(entries(dir.path) == 1);
}

TEST_CASE("file: bad targets") {
  const TempDir dir;
  write_file_atomically(dir.path / "file", "x");
  const auto write = [](const fs::path& p) { return error_of([&] { write_file_atomically(p, "x"); }); };
  CHECK(has(write(dir.path / "no" / "a"), "create the folder first"));
  CHECK(has(write(dir.path / "file" / "a"), "create the folder first"));
  CHECK(has(write(dir.path), "is a folder"));
  CHECK(has(write("/dev/null"), "not a regular file"));
  CHECK(fs::is_character_file("/dev/null"));
  if (geteuid() != 0) {
    fs::permissions(dir.path, fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(has(write(dir.path / "b"), "Permission denied"));
    fs::permissions(dir.path, fs::perms::owner_all);
  }
}

TEST_CASE("file: a symbolic link keeps pointing to the file that is replaced") {
  const TempDir dir;
  write_file_atomically(dir.path / "real", "old");
  fs::create_symlink("real", dir.path / "link");
  write_file_atomically(dir.path / "link", "new");
  CHECK(fs::is_symlink(dir.path / "link"));
  CHECK(read_file(dir.path / "real", 10) == "new");
}

TEST_CASE("file: names of almost 255 bytes work") {
  const TempDir dir;
  const auto path = dir.path / std::string(250, 'n');
  write_file_atomically(path, "x");
  CHECK(read_file(path, 10) == "x");
}

TEST_CASE("read_file: missing, too large, folder, pipe") {
  const TempDir dir;
  write_file_atomically(dir.path / "a", "12345");
  CHECK(read_file(dir.path / "a", 5) == "12345");
  CHECK(has(error_of([&] { read_file(dir.path / "a", 4); }), "has 5 bytes, more than the 4"));
  CHECK(has(error_of([&] { read_file(dir.path / "b", 4); }), "check the path"));
  CHECK(has(error_of([&] { read_file(dir.path, 4); }), "is a folder"));
  REQUIRE(mkfifo((dir.path / "pipe").c_str(), 0600) == 0);
  CHECK(has(error_of([&] { read_file(dir.path / "pipe", 4); }), "not a regular file"));
  CHECK(has(read_file("/proc/self/status", 1 << 20), "Pid:"));  // its size is said to be 0
}

TEST_CASE("MappedFile: content, emptiness, replacement while mapped") {
  const TempDir dir;
  const auto path = dir.path / "a";
  write_file_atomically(path, "old content");
  MappedFile file(path);
  write_file_atomically(path, "new");
  CHECK(std::string(reinterpret_cast<const char*>(file.data()), file.size()) == "old content");
  MappedFile moved = std::move(file);
  CHECK(file.size() == 0);
  CHECK(moved.size() == 11);
  write_file_atomically(path, "");
  CHECK(MappedFile(path).size() == 0);
  CHECK_THROWS_AS(MappedFile(dir.path / "none"), Error);
}

TEST_CASE("FileLock: a second one names the process, and a released one is free") {
  const TempDir dir;
  {
    FileLock lock(dir.path);
    CHECK(lock.held());
    const auto message = error_of([&] { FileLock second(dir.path); });
    CHECK(has(message, "run directory " + dir.path.string()));
    CHECK(has(message, "is in use by process " + std::to_string(getpid())));
    FileLock moved = std::move(lock);
    CHECK(moved.held());
    CHECK_THROWS_AS(FileLock(dir.path), Error);
  }
  CHECK(FileLock(dir.path).held());
  CHECK(has(error_of([&] { FileLock lock(dir.path / "none"); }), "create the folder"));
}

TEST_CASE("remove_stale_temporaries: those that nobody holds") {
  const TempDir dir;
  const auto touch = [&](const std::string& name) { std::ofstream(dir.path / name) << "x"; };
  const std::string own = std::to_string(getpid()), dead = "999999999";
  const std::string gone[] = {".a.png.tmp-" + dead + "-0.png", ".a.tmp-" + dead + "-12",
                              ".b.tmp-" + own + "-999998"};
  const std::string kept[] = {"a.tmp-" + dead + "-0",   ".a.tmp-x-0", ".tmp-" + dead + "-0",
                              ".a.tmp-" + dead + "-0x", "plain",      ".lock"};
  {
    AtomicFile living(dir.path / "living");
    for (const auto& name : gone) touch(name);
    for (const auto& name : kept) touch(name);
    remove_stale_temporaries(dir.path);
    for (const auto& name : gone) CHECK_FALSE(fs::exists(dir.path / name));
    for (const auto& name : kept) CHECK(fs::exists(dir.path / name));
    CHECK(fs::exists(living.temporary()));
    FileWriter writer(dir.path / "living", living.temporary());
    writer.write("new");
    writer.close();
    living.commit();
  }
  CHECK(read_file(dir.path / "living", 10) == "new");
  remove_stale_temporaries(dir.path / "none");  // an absent folder is not an error
}

TEST_CASE("AtomicFile: the first in a folder cleans it, and takes no name that is taken") {
  const TempDir dir;
  const auto stale = dir.path / ".a.tmp-999999999-0";
  std::ofstream(stale) << "x";
  const AtomicFile first(dir.path / "a"), second(dir.path / "a");
  CHECK_FALSE(fs::exists(stale));
  CHECK(first.temporary() != second.temporary());
  CHECK(entries(dir.path) == 2);
}

TEST_CASE("mapped_file_at: the name of a mapping, as long as it lasts") {
  const TempDir dir;
  write_file_atomically(dir.path / "a", "content");
  const std::byte* inside = nullptr;
  {
    const MappedFile file(dir.path / "a");
    inside = file.data() + 3;
    CHECK(mapped_file_at(inside) == (dir.path / "a").string());
    CHECK(mapped_file_at(file.data() + file.size()) == nullptr);
  }
  CHECK(mapped_file_at(inside) == nullptr);
  CHECK(mapped_file_at(nullptr) == nullptr);
}
