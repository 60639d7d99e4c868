// Batches from several domains.
#include <algorithm>
#include <map>
#include <set>

#include "engine/data/pack.h"
#include "tests/engine/dataset_fixture.h"

namespace {

struct Two : Fixture {
  std::vector<Dataset> domains;
  Two() : Fixture(10) {
    make_images(dir.path / "other", 4, 20, 14);
    spec.preprocess = Preprocess::resize_and_crop;
    spec.load_size = 9;
    spec.crop_size = 6;
    auto second = spec;
    second.data = dir.path / "other";
    domains = {Dataset::open(spec), Dataset::open(second)};
  }
};

}  // namespace

TEST_CASE("loader: one domain gives the batches that it gave before there were several") {
  Fixture f;
  BatchLoader loader({Dataset::open(f.spec)}, f.spec);
  const std::vector<std::pair<std::vector<std::int64_t>, std::uint64_t>> golden{
      {{3, 8, 0}, 0xf43ecf0fd01b26b2}, {{4, 1, 9}, 0xecf11951705d3e29}, {{6, 7, 5}, 0x5ddbc5f8419f5729},
      {{4, 7, 9}, 0x245352f0bb087bac}, {{3, 0, 1}, 0x2e6cb2c34b2b49da}, {{2, 8, 6}, 0x11c597323e7873ce}};
  for (const auto& [items, hash] : golden) {
    const auto batch = loader.next()[0];
    CHECK(batch.items == items);
    io::Hash got;
    got.add(batch.data.data(), batch.data.size() * sizeof(float));
    CHECK(got.value() == hash);
  }
  CHECK(loader.domains() == 1);
}

TEST_CASE("loader: batches of two domains are a function of their number, whatever the workers") {
  Two f;
  std::vector<std::vector<Batch>> want;
  for (const int workers : {0, 1, 3}) {
    f.spec.workers = workers;
    BatchLoader loader(f.domains, f.spec);
    CHECK(loader.domains() == 2);
    CHECK(loader.size() == 10);
    CHECK(loader.batches_per_epoch() == 3);
    CHECK(loader.dataset(1).count() == 4);
    for (std::int64_t k = 0; k < 25; ++k) {
      CHECK(loader.position() == k);
      auto batches = loader.next();
      REQUIRE(batches.size() == 2);
      for (const auto& b : batches) {
        CHECK(b.epoch == k / 3);
        CHECK(b.index == k % 3);
        CHECK(b.n == 3);
        CHECK(b.data.size() == 3 * 6 * 6 * 3);
      }
      if (workers == 0) {
        want.push_back(std::move(batches));
        continue;
      }
      for (std::size_t d = 0; d < 2; ++d) {
        CHECK(batches[d].items == want[static_cast<std::size_t>(k)][d].items);
        CHECK(batches[d].data == want[static_cast<std::size_t>(k)][d].data);
      }
    }
    for (const std::int64_t k : {17, 0, 0, 3, 23}) {
      loader.seek(k);
      for (std::int64_t j = k; j < k + 2; ++j) {
        const auto batches = loader.next();
        for (std::size_t d = 0; d < 2; ++d) {
          CHECK(batches[d].items == want[static_cast<std::size_t>(j)][d].items);
          CHECK(batches[d].data == want[static_cast<std::size_t>(j)][d].data);
        }
      }
    }
    CHECK_THROWS_AS(loader.seek(std::int64_t{1} << 62), Error);
  }
}

TEST_CASE("loader: domains of different sizes use every image equally often, and are unpaired") {
  Two f;
  f.spec.workers = 0;
  BatchLoader loader(f.domains, f.spec);
  std::vector<std::vector<std::int64_t>> used(2);
  for (int k = 0; k < 40; ++k) {
    const auto batches = loader.next();
    for (std::size_t d = 0; d < 2; ++d)
      used[d].insert(used[d].end(), batches[d].items.begin(), batches[d].items.end());
  }
  for (std::size_t d = 0; d < 2; ++d) {  // each round is a permutation, across batches and epochs
    const std::size_t count = d == 0 ? 10 : 4;
    std::set<std::vector<std::int64_t>> orders;
    for (std::size_t at = 0; at < 120; at += count) {
      std::vector<std::int64_t> order(used[d].begin() + static_cast<std::ptrdiff_t>(at),
                                      used[d].begin() + static_cast<std::ptrdiff_t>(at + count));
      CHECK(std::set<std::int64_t>(order.begin(), order.end()).size() == count);
      orders.insert(order);
    }
    CHECK(orders.size() > (d == 0 ? 11U : 10U));
  }
  std::set<std::pair<std::int64_t, std::int64_t>> pairs;
  for (std::size_t i = 0; i < 120; ++i) pairs.insert({used[0][i], used[1][i]});
  CHECK(pairs.size() > 30);  // of 40
  // Two domains of the same images have different orders, too.
  BatchLoader twins({f.domains[0], f.domains[0]}, f.spec);
  int same = 0;
  for (int k = 0; k < 20; ++k) {
    const auto b = twins.next();
    same += b[0].items == b[1].items;
  }
  CHECK(same < 5);
}

TEST_CASE("loader: errors of domains name the folder") {
  Two f;
  f.spec.batch_size = 5;
  const auto error = error_of([&] { BatchLoader(f.domains, f.spec); });
  CHECK(has(error, "[data " + (f.dir.path / "other").string() + "] has 4 images, fewer than one batch of 5"));
  CHECK(has(error_of([&] { BatchLoader({}, f.spec); }), "no domain"));
}
