// Batches: order, mirroring, epochs, workers.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>

#include "engine/data/file_listing.h"
#include "engine/data/pack.h"
#include "engine/data/pipeline.h"
#include "tests/engine/dataset_fixture.h"

TEST_CASE("loader: batches are a function of their number alone") {
  Fixture f;
  const auto data = Dataset::open(f.spec);
  std::vector<Batch> want;
  for (const int workers : {0, 1, 2, 7, 64}) {
    f.spec.workers = workers;
    BatchLoader loader({data}, f.spec);
    CHECK(loader.batches_per_epoch() == 3);
    CHECK(loader.size() == 10);
    for (std::int64_t k = 0; k < 13; ++k) {
      CHECK(loader.position() == k);
      auto batch = loader.next()[0];
      CHECK(batch.epoch == k / 3);
      CHECK(batch.index == k % 3);
      CHECK(batch.data.size() == 3 * 8 * 8 * 3);
      if (workers == 0) {
        want.push_back(std::move(batch));
      } else {
        CHECK(batch.items == want[static_cast<std::size_t>(k)].items);
        CHECK(batch.data == want[static_cast<std::size_t>(k)].data);
      }
    }
    for (const std::int64_t k : {std::int64_t{7}, std::int64_t{0}, std::int64_t{12}}) {  // resume
      loader.seek(k);
      CHECK(loader.next()[0].data == want[static_cast<std::size_t>(k)].data);
      if (k < 12) CHECK(loader.next()[0].data == want[static_cast<std::size_t>(k) + 1].data);
    }
    CHECK_THROWS_AS(loader.seek(-1), Error);
  }
}

TEST_CASE("loader: an epoch has no image twice, epochs and seeds differ, values and mirrors are right") {
  Fixture f;
  f.spec.workers = 1;
  const auto data = Dataset::open(f.spec);
  BatchLoader loader({data}, f.spec);
  std::vector<std::vector<std::int64_t>> orders;
  std::set<std::int64_t> ever;
  int mirrored = 0, straight = 0;
  for (int epoch = 0; epoch < 20; ++epoch) {
    std::vector<std::int64_t> order;
    for (int i = 0; i < 3; ++i) {
      const auto batch = loader.next()[0];
      order.insert(order.end(), batch.items.begin(), batch.items.end());
      for (std::size_t n = 0; n < 3; ++n) {
        const auto* item = data.item(batch.items[n]);
        const auto at = [&](std::size_t x) { return static_cast<float>(item[x * 3] / 127.5 - 1); };
        const float* row = batch.data.data() + n * 192;
        if (row[0] == at(0) && row[7 * 3] == at(7)) ++straight;
        if (row[0] == at(7) && row[7 * 3] == at(0)) ++mirrored;
      }
    }
    CHECK(std::set<std::int64_t>(order.begin(), order.end()).size() == 9);
    ever.insert(order.begin(), order.end());
    orders.push_back(order);
  }
  CHECK(ever.size() == 10);
  CHECK(std::set<std::vector<std::int64_t>>(orders.begin(), orders.end()).size() == 20);
  CHECK(mirrored + straight == 180);
  CHECK(mirrored > 60);
  CHECK(straight > 60);
  auto other = f.spec;
  other.seed = 6;
  CHECK(BatchLoader({data}, other).next()[0].items != BatchLoader({data}, f.spec).next()[0].items);
  other.flip = false;
  BatchLoader plain({data}, other);
  const auto batch = plain.next()[0];
  float lo = 9, hi = -9;
  for (std::size_t n = 0; n < 3; ++n)
    for (std::size_t i = 0; i < 192; ++i) {
      CHECK(batch.data[n * 192 + i] == static_cast<float>(data.item(batch.items[n])[i] / 127.5 - 1));
      lo = std::min(lo, batch.data[n * 192 + i]);
      hi = std::max(hi, batch.data[n * 192 + i]);
    }
  CHECK(lo >= -1);
  CHECK(hi <= 1);
}

TEST_CASE(
    "loader: with replacement every image may come at any time, and batches still follow from their "
    "number") {
  Fixture f;
  f.spec.replacement = true;
  const auto data = Dataset::open(f.spec);
  BatchLoader loader({data}, f.spec);
  CHECK(loader.batches_per_epoch() == 3);
  std::vector<int> uses(10);
  std::vector<std::vector<std::int64_t>> batches;
  bool twice_in_an_epoch = false;
  for (int epoch = 0; epoch < 100; ++epoch) {
    std::set<std::int64_t> seen;
    for (int i = 0; i < 3; ++i) {
      batches.push_back(loader.next()[0].items);
      for (const auto item : batches.back()) {
        ++uses.at(static_cast<std::size_t>(item));
        twice_in_an_epoch = !seen.insert(item).second || twice_in_an_epoch;
      }
    }
  }
  CHECK(twice_in_an_epoch);
  for (const int n : uses) {  // of 900: 90 each, give or take 9
    CHECK(n > 50);
    CHECK(n < 130);
  }
  loader.seek(140);
  CHECK(loader.next()[0].items == batches[140]);
}

TEST_CASE("loader: the whole set as one batch") {
  Fixture f;
  f.spec.batch_size = 10;
  BatchLoader loader({Dataset::open(f.spec)}, f.spec);
  CHECK(loader.batches_per_epoch() == 1);
  CHECK(loader.next()[0].index == 0);
  CHECK(loader.next()[0].epoch == 1);
}

TEST_CASE("pipeline: order, exceptions in their place, prompt end") {
  for (const int workers : {0, 1, 4}) {
    CAPTURE(workers);
    std::atomic<std::int64_t> started{0};
    io::OrderedPipeline<std::int64_t> pipeline(workers, 6, 0, 1000, [&](std::int64_t i) {
      ++started;
      if (i % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
      if (i == 50) fail("test", "fifty");
      return i * i;
    });
    for (std::int64_t i = 0; i < 50; ++i) {
      CHECK(pipeline.next() == i * i);
      CHECK(started <= i + 2 + 6);
    }
    CHECK(has(error_of([&] { pipeline.next(); }), "fifty"));
    CHECK(has(error_of([&] { pipeline.next(); }), "fifty"));
  }
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    io::OrderedPipeline<int> unused(4, 8, 0, 1 << 30, [](std::int64_t k) { return static_cast<int>(k); });
    if (i % 2) CHECK(unused.next() == 0);
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("loader: with replacement a batch may be larger than the set") {
  Fixture f(2);
  f.spec.batch_size = 5;
  CHECK(has(error_of([&] { BatchLoader({open(f.spec).data}, f.spec); }), "lower --batch-size to 2"));
  f.spec.replacement = true;
  BatchLoader loader({open(f.spec).data}, f.spec);
  CHECK(loader.batches_per_epoch() == 1);
  std::set<std::vector<std::int64_t>> drawn;
  for (std::int64_t k = 0; k < 4; ++k) {
    const Batch batch = loader.next()[0];
    CHECK(batch.n == 5);
    CHECK(batch.epoch == k);
    drawn.insert(batch.items);
  }
  CHECK(drawn.size() > 1);
}
