// Counting the images of a data set by names and headers alone.
#include <fstream>

#include "engine/data/dataset.h"
#include "engine/error.h"
#include "tests/engine/gradcheck.h"
#include "tests/support.h"

using namespace sumi;

namespace {

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("count_pictures: folders, idx files, and what is none") {
  const test::TempDir folder;
  for (const char* name : {"set/a.png", "set/b/c.jpg", "set/b/d.webp", "set/notes.txt"})
    write(folder.path / name, "no image");
  write(folder.path / "some.idx", std::string("\0\0\x08\x03\0\0\0\x05\0\0\0\x01\0\0\0\x01", 16) + "12345");
  DatasetSpec spec;
  spec.data = folder.path / "set";
  CHECK(count_images(spec) == 3);
  spec.max_items = 2;
  CHECK(count_images(spec) == 2);
  spec.max_items = 0;
  spec.data = folder.path / "some.idx";
  CHECK(count_images(spec) == 5);
  for (const char* name : {"set/notes.txt", "nowhere", "bad.pack"}) {
    spec.data = folder.path / name;
    CHECK(gradcheck::error_of([&] { count_images(spec); }).find(name) != std::string::npos);
  }
}
