// Data sets are identified by their images, not by path or time.
#include <chrono>
#include <cstring>

#include "engine/data/pack.h"
#include "engine/serialize/file.h"
#include "tests/engine/dataset_fixture.h"

namespace {

// A pack as written by versions before the content hash.
std::string without_hash(std::string pack) {
  const auto number = [&](std::size_t at, auto value) {
    std::memcpy(pack.data() + at, &value, sizeof value);
  };
  std::uint64_t tail = 0;
  std::memcpy(&tail, pack.data() + 40, sizeof tail);
  pack.resize(pack.size() - 8);
  number(8, std::uint32_t{2});
  number(40, tail - 8);
  io::Hash of_tail, of_header;
  of_tail.add(pack.data() + pack.size() - (tail - 8), tail - 8);
  number(56, of_tail.value());
  of_header.add(pack.data(), 64);
  number(64, of_header.value());
  return pack;
}

}  // namespace

TEST_CASE("dataset: the same images in another place, at another time, under other names") {
  Fixture f;
  const std::uint64_t key = open(f.spec).data.content_key();
  auto spec = f.spec;
  spec.data = f.dir.path / "elsewhere";
  fs::copy(f.spec.data, spec.data);
  fs::last_write_time(spec.data / "p100.png", fs::file_time_type::clock::now() - std::chrono::hours(1000));
  fs::rename(spec.data / "p105.png", spec.data / "p105x.png");  // the order stays
  CHECK(open(spec).data.key() != open(f.spec).data.key());
  CHECK(open(spec).data.content_key() == key);
  spec.data = open(f.spec).data.pack_path();
  CHECK(open(spec).data.content_key() == key);

  // Anything that changes the images or their order changes the key.
  spec.data = f.dir.path / "elsewhere";
  fs::rename(spec.data / "p105x.png", spec.data / "a.png");
  CHECK(open(spec).data.content_key() != key);
  fs::rename(spec.data / "a.png", spec.data / "p105.png");
  CHECK(open(spec).data.content_key() == key);
  Image8 image = load_image(spec.data / "p109.png");
  for (auto& level : image.data) level = static_cast<std::uint8_t>(255 - level);
  save_image(spec.data / "p109.png", image);
  CHECK(open(spec).data.content_key() != key);
  fs::remove(spec.data / "p109.png");
  CHECK(open(spec).data.content_key() != key);
  spec.max_items = 4;
  const std::uint64_t four = open(spec).data.content_key();
  spec.data = open(f.spec).data.pack_path();  // the first four of all
  CHECK(open(spec).data.content_key() == four);
}

TEST_CASE("dataset: packs of older versions are read, and have the same content") {
  Fixture f;
  const auto first = open(f.spec);
  const fs::path pack = first.data.pack_path();
  const std::string old = without_hash(read_file(pack, 1 << 24));
  put(pack, old);
  const auto again = open(f.spec);
  CHECK(again.data.decoded() == 0);
  CHECK(again.data.content_key() == first.data.content_key());
  CHECK(pixels_of(again.data) == pixels_of(first.data));
  put(pack, old.substr(0, old.size() - 1));
  CHECK(open(f.spec).data.decoded() == 10);
}

TEST_CASE("dataset: an idx file that is used as it is has the content of its pack") {
  TempDir dir;
  put(dir.path / "a.idx", idx_bytes(0x803, 5, 6, 6, 5 * 36));
  put(dir.path / "b.idx", idx_bytes(0x803, 5, 6, 6, 5 * 36));
  DatasetSpec spec;
  spec.cache_dir = dir.path / "cache";
  spec.size = 6;
  spec.channels = 1;
  spec.data = dir.path / "a.idx";
  const std::uint64_t key = open(spec).data.content_key();
  spec.data = dir.path / "b.idx";
  CHECK(open(spec).data.content_key() == key);
  spec.max_items = 4;
  CHECK(open(spec).data.content_key() != key);
}
