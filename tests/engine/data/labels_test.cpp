// The class of each image: subfolders, prefixes, label files; and that it stays correct when the
// pack is cached.
#include <algorithm>

#include "engine/data/idx.h"
#include "tests/engine/dataset_fixture.h"

namespace {

DatasetSpec labeled(const Fixture& f, LabelSource source, const fs::path& data) {
  DatasetSpec spec = f.spec;
  spec.data = data;
  spec.labels.source = source;
  return spec;
}

std::vector<std::int32_t> labels_of(const Dataset& data) {
  std::vector<std::int32_t> all;
  for (std::int64_t i = 0; i < data.count(); ++i) all.push_back(data.label(i));
  return all;
}

std::string label_bytes(std::uint32_t magic, std::uint32_t count, const std::vector<int>& labels) {
  std::string s = idx_bytes(magic, count, 0, 0, 0).substr(0, 8);
  for (const int label : labels) s += static_cast<char>(label);
  return s;
}

}  // namespace

TEST_CASE("dataset labels: subfolders are classes; moving an image changes its class and the key") {
  Fixture f(0);
  const fs::path data = f.dir.path / "kinds";
  make_images(data / "dog", 3);
  make_images(data / "cat/black", 2);
  auto spec = labeled(f, LabelSource::folder, data);
  const auto first = Dataset::open(spec);
  CHECK(first.classes() == std::vector<std::string>{"cat", "dog"});
  CHECK(labels_of(first) == std::vector<std::int32_t>{0, 0, 1, 1, 1});
  CHECK(find_classes(spec) == first.classes());
  spec.labels.source = LabelSource::automatic;
  CHECK(labels_of(Dataset::open(spec)) == labels_of(first));
  CHECK(Dataset::open(spec).decoded() == 0);

  // The same pack serves a run without labels, which has another key.
  const auto plain = Dataset::open(labeled(f, LabelSource::none, data));
  CHECK(plain.decoded() == 0);
  CHECK(plain.classes().empty());
  CHECK(plain.label(0) == -1);
  CHECK(plain.key() != first.key());

  spec.classes = {"dog", "bird", "cat"};
  CHECK(labels_of(Dataset::open(spec)) == std::vector<std::int32_t>{2, 2, 0, 0, 0});
  CHECK(Dataset::open(spec).key() != first.key());
  spec.classes = {"dog", "bird"};
  CHECK(has(error_of([&] { Dataset::open(spec); }), "cat/black/p100.png of the class 'cat'"));
  spec.classes.clear();

  fs::rename(data / "cat/black/p101.png", data / "dog/a.png");
  CHECK(labels_of(Dataset::open(spec)) == std::vector<std::int32_t>{0, 1, 1, 1, 1});
  // decoded again; broken images have no label that would shift the others
  put(data / "dog/b.png", "broken");
  CHECK(labels_of(Dataset::open(spec)) == std::vector<std::int32_t>{0, 1, 1, 1, 1});
  CHECK(Dataset::open(spec).broken().size() == 1);
  make_images(data, 1);
  spec.labels.source = LabelSource::folder;
  CHECK(has(error_of([&] { Dataset::open(spec); }), "p100.png in no folder of a class"));
  spec.labels.source = LabelSource::automatic;
  CHECK(
      has(error_of([&] { find_classes(spec); }), "has the image p100.png beside the folders of its classes"));
  make_images(data, 3);
  CHECK(has(error_of([&] { find_classes(spec); }), "p100.png and 2 more beside the folders"));
}

TEST_CASE("dataset labels: prefixes") {
  Fixture f(0);
  const fs::path data = f.dir.path / "emoji";
  make_images(f.dir.path / "p", 4);
  fs::create_directories(data);
  const char* names[] = {"face_1.png", "face_2.png", "flag_1.png", "flag_x_y.png"};
  for (int i = 0; i < 4; ++i)
    fs::copy_file(f.dir.path / "p" / ("p10" + std::to_string(i) + ".png"), data / names[i]);
  auto spec = labeled(f, LabelSource::prefix, data);
  CHECK(Dataset::open(spec).classes() == std::vector<std::string>{"face", "flag"});
  CHECK(labels_of(Dataset::open(spec)) == std::vector<std::int32_t>{0, 0, 1, 1});
  spec.labels.source = LabelSource::automatic;
  CHECK(find_classes(spec).size() == 2);
  spec.max_items = 2;
  CHECK(has(error_of([&] { find_classes(spec); }), "does not say which class"));
  make_images(data, 1);
  spec.max_items = 0;
  CHECK(has(error_of([&] { find_classes(spec); }), "which class an image has, such as p100.png"));
  fs::remove(data / "p100.png");
  spec.max_items = 0;
  spec.labels = {LabelSource::prefix, "-"};
  CHECK(has(error_of([&] { Dataset::open(spec); }), "no class before a '-'"));
  spec.labels.source = LabelSource::file;
  CHECK(has(error_of([&] { Dataset::open(spec); }), "is a folder"));
  make_images(f.dir.path / "one", 3);
  spec.data = f.dir.path / "one";
  spec.labels = {LabelSource::prefix, "1"};
  CHECK(has(error_of([&] { Dataset::open(spec); }), "one class only ('p')"));
}

TEST_CASE("dataset labels: an idx file's, with every length checked") {
  Fixture f(0);
  const fs::path images = f.dir.path / "train-images-idx3-ubyte.gz",
                 labels = f.dir.path / "train-labels-idx1-ubyte.gz";
  put_gz(images, idx_bytes(0x803, 4, 8, 8, 256));
  auto spec = labeled(f, LabelSource::automatic, images);
  spec.channels = 1;
  CHECK(has(error_of([&] { Dataset::open(spec); }), "has no labels"));
  put_gz(labels, label_bytes(0x801, 4, {2, 0, 1, 2}));
  const auto data = Dataset::open(spec);
  CHECK(data.classes() == std::vector<std::string>{"0", "1", "2"});
  CHECK(labels_of(data) == std::vector<std::int32_t>{2, 0, 1, 2});
  spec.size = 16;  // packed, and the labels change beside the pack
  CHECK(labels_of(Dataset::open(spec)) == std::vector<std::int32_t>{2, 0, 1, 2});
  put_gz(labels, label_bytes(0x801, 4, {0, 0, 1, 1}));
  CHECK(Dataset::open(spec).decoded() == 0);
  CHECK(labels_of(Dataset::open(spec)) == std::vector<std::int32_t>{0, 0, 1, 1});
  spec.classes = {"boot", "bag"};
  CHECK(Dataset::open(spec).classes()[1] == "bag");
  spec.max_items = 3;
  CHECK(labels_of(Dataset::open(spec)) == std::vector<std::int32_t>{0, 0, 1});
  put_gz(labels, label_bytes(0x801, 4, {0, 2, 1, 1}));
  CHECK(has(error_of([&] { Dataset::open(spec); }), "has a label 2, but there are 2 classes: boot, bag"));

  for (const auto& [bytes, message] : std::vector<std::pair<std::string, const char*>>{
           {label_bytes(0x801, 5, {0, 0, 1, 1, 1}), "has 5 labels, but"},
           {label_bytes(0x801, 4, {0, 0, 1}), "ends after 3 of 4 labels"},
           {label_bytes(0x801, 4, {0, 0, 1, 1, 1}), "more bytes than the 4 labels"},
           {label_bytes(0x803, 4, {0, 0, 1, 1}), "is not an idx file of labels"},
           {label_bytes(0x801, 0, {}), "claims 0 labels"},
           {label_bytes(0x801, 0xffffffff, {1, 2}), "claims 4294967295 labels"},
           {"abc", "too short"}}) {
    CAPTURE(message);
    put_gz(labels, bytes);
    CHECK(has(error_of([&] { Dataset::open(spec); }), message));
  }
  fs::remove(labels);  // labels that are not packed, beside images that are
  put(f.dir.path / "train-labels-idx1-ubyte", label_bytes(0x801, 4, {1, 0, 1, 1}));
  CHECK(labels_of(Dataset::open(spec)) == std::vector<std::int32_t>{1, 0, 1});
  fs::rename(images, f.dir.path / "pictures.gz");
  spec.data = f.dir.path / "pictures.gz";
  CHECK(has(error_of([&] { Dataset::open(spec); }), "no 'images' in its name"));
}

TEST_CASE("loader: labels travel with their images") {
  Fixture f(0);
  const fs::path data = f.dir.path / "kinds";
  for (const char* kind : {"a", "b", "c"}) make_images(data / kind, 3);
  const auto spec = labeled(f, LabelSource::folder, data);
  const auto set = Dataset::open(spec);
  BatchLoader loader({set}, spec);
  for (int k = 0; k < 7; ++k) {
    const Batch batch = loader.next()[0];
    REQUIRE(batch.labels.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(batch.labels[i] == batch.items[i] / 3);
  }
  const auto packed = labeled(f, LabelSource::automatic, set.pack_path());
  CHECK(has(error_of([&] { Dataset::open(packed); }), "is a packed set, which has no labels"));
  CHECK(has(error_of([&] { find_classes(packed); }), "is a packed set, which has no labels"));
  CHECK(BatchLoader({Dataset::open(labeled(f, LabelSource::none, data))}, spec).next()[0].labels.empty());
}

TEST_CASE("dataset: a split shares the images and keeps each with its label") {
  Fixture f(0);
  const fs::path data = f.dir.path / "kinds";
  for (const char* kind : {"a", "b"}) make_images(data / kind, 5);
  const auto set = Dataset::open(labeled(f, LabelSource::folder, data));
  const auto [rest, held] = set.split(4);
  CHECK(rest.count() == 8);
  REQUIRE(held.count() == 2);
  CHECK(held.label(0) == 0);
  CHECK(held.label(1) == 1);
  CHECK(held.item(1) == set.item(7));
  CHECK(rest.item(7) == set.item(9));
  CHECK(rest.item(3) == set.item(4));
  CHECK(rest.key() != held.key());
  CHECK(rest.key() != set.key());
  CHECK(rest.split(8).second.item(0) == set.item(9));
  CHECK_THROWS_AS(held.item(2), Error);
  CHECK(has(error_of([&] { set.split(11); }), "cannot be held out"));
}
