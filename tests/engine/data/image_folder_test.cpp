// Zip archives as data: the same images, labels and pairs as the folder's, and hostile archives.
#include "engine/data/image_folder.h"

#include <algorithm>

#include "engine/serialize/file.h"
#include "tests/engine/dataset_fixture.h"
#include "tests/torch_files.h"

namespace {

// The files below the folder, as an archive of stored entries.
std::string archive_of(const fs::path& folder) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      entries.emplace_back(fs::relative(entry.path(), folder).string(), read_file(entry.path(), 1 << 20));
  return test::zip_archive(entries);
}

}  // namespace

TEST_CASE("archive: a zip file holds the same set as its folder, labels included") {
  Fixture f(4);
  fs::rename(f.spec.data, f.dir.path / "cats");
  make_images(f.dir.path / "set/dogs", 3, 9, 11);
  fs::rename(f.dir.path / "cats", f.dir.path / "set/cats");
  put(f.dir.path / "set/notes.txt", "no image");
  put(f.dir.path / "set/.hidden.png", "no image either");
  put(f.dir.path / "set/dogs/broken.png", "no image at all");
  put(f.dir.path / "set.zip", archive_of(f.dir.path / "set"));
  f.spec.labels.source = LabelSource::automatic;
  f.spec.data = f.dir.path / "set";
  const auto folder = open(f.spec);
  f.spec.data = f.dir.path / "set.zip";
  CHECK(count_images(f.spec) == 8);
  CHECK(find_classes(f.spec) == std::vector<std::string>{"cats", "dogs"});
  const auto archive = open(f.spec);
  CHECK(archive.data.count() == 7);
  CHECK(archive.data.content_key() == folder.data.content_key());
  REQUIRE(archive.warnings.size() == 1);
  CHECK(has(archive.warnings.front(), "skipped [image " + f.spec.data.string() + "/dogs/broken.png]"));
  CHECK(open(f.spec).data.decoded() == 0);
}

TEST_CASE("archive: pairs may lie in two archives") {
  Fixture f(3);
  put(f.dir.path / "a.zip", archive_of(f.spec.data));
  put(f.dir.path / "b.zip", archive_of(f.spec.data));
  f.spec.data = f.dir.path / "a.zip";
  f.spec.partner = f.dir.path / "b.zip";
  f.spec.pairs = Pairs::folders;
  CHECK(open(f.spec).data.count() == 3);
}

TEST_CASE("archive: damaged and empty ones, and entries that leave the folder by name") {
  Fixture f(2);
  const std::string whole = archive_of(f.spec.data);
  const std::string image = read_file(f.spec.data / "p100.png", 1 << 20);
  f.spec.data = f.dir.path / "set.zip";
  put(f.spec.data, whole.substr(0, whole.size() / 2));
  CHECK(has(error_of([&] { open(f.spec); }), "[data " + f.spec.data.string() + "] has no directory"));
  put(f.spec.data, test::zip_archive({}));
  CHECK(has(error_of([&] { open(f.spec); }), "is an archive without images"));
  put(f.spec.data,
      test::zip_archive({{"../../outside.png", image}, {"/absolute.png", image}, {"__MACOSX/x.png", image}}));
  CHECK(open(f.spec).data.count() == 1);
  std::string moved = test::zip_archive({{"a.png", image}});
  moved[30] = 'b';  // the entry's own header has another name
  put(f.spec.data, moved);
  CHECK(has(error_of([&] { open(f.spec); }), "has another name in its own header"));
}
