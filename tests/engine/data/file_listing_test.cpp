// Listing a folder for training: files written by runs are skipped, and names alone do not decide.
#include "engine/data/file_listing.h"

#include "engine/serialize/file.h"
#include "tests/engine/dataset_fixture.h"

namespace {

struct Listed {
  std::vector<std::string> names, warnings;
};

Listed list(const fs::path& folder) {
  Listed listed;
  for (const auto& file :
       io::list_images(folder, [&](const std::string& line) { listed.warnings.push_back(line); }))
    listed.names.push_back(file.name);
  return listed;
}

void make_run(const fs::path& folder) {
  make_images(folder / "samples", 1);
  make_images(folder / "generated", 1);
  fs::create_directories(folder / "checkpoints");
  fs::copy_file(folder / "samples/p100.png", folder / "loss.png");
  put(folder / "options.json", "{}");
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("listing: run directories inside the data are left out, in one line") {
  Fixture f(2);
  make_run(f.spec.data / "run");
  make_run(f.spec.data / "sub/old");
  make_images(f.spec.data / "sub", 1);
  const Listed listed = list(f.spec.data);
  CHECK(listed.names == Names{"p100.png", "p101.png", "sub/p100.png"});
  REQUIRE(listed.warnings.size() == 1);
  CHECK(has(listed.warnings[0], "run, sub/old, written by sumi train"));

  // A run that has just started holds its lock but has no options yet.
  fs::remove(f.spec.data / "run/options.json");
  CHECK(list(f.spec.data).names.size() == 6);  // some folder of checkpoints and samples
  put(f.spec.data / "run/.lock", "");
  CHECK(list(f.spec.data).names.size() == 3);
  CHECK(open(f.spec).data.count() == 3);
}

TEST_CASE("listing: of a folder that is a run itself, what the run wrote is left out") {
  Fixture f(2);
  make_run(f.spec.data);
  const Listed listed = list(f.spec.data);
  CHECK(listed.names == Names{"generated/p100.png", "p100.png", "p101.png"});
  REQUIRE(listed.warnings.size() == 1);
  CHECK(has(listed.warnings[0], "is a run of sumi train"));
  CHECK(list(f.spec.data / "samples").names == Names{"p100.png"});  // asked for by name
}

TEST_CASE("listing: files without extension are images by their first bytes") {
  Fixture f(3);
  const fs::path data = f.spec.data;
  fs::rename(data / "p100.png", data / "3f2a9c");
  fs::rename(data / "p101.png", data / "photo.jpg_large");
  save_image(data / "x.jpg", Image8(4, 4, 3));
  fs::rename(data / "x.jpg", data / "noname");
  put(data / "README", "BMW and P5 are no images");
  put(data / "P5", "P5\n2 1\n255\nab");
  put(data / "film", std::string("\0\0\0\x18", 4) + "ftypisom0000");
  put(data / "empty", "");
  put(data / "notes.txt", "text");
  put(data / "raw.nef", std::string("II*\0", 4) + std::string(40, 'x'));
  const Listed listed = list(data);
  CHECK(listed.names == Names{"3f2a9c", "P5", "noname", "p102.png"});
  REQUIRE(listed.warnings.size() == 1);
  CHECK(has(listed.warnings[0], "photo.jpg_large, an image whose extension is none of an image"));
  CHECK(open(f.spec).data.count() == 4);
}
