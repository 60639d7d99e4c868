// The threads of sumi convert, its expected time, and its page, without the program.
#include "tools/convert_pipeline.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support.h"
#include "tools/compare_page.h"
#include "tools/convert_estimate.h"

using namespace sumi;
using namespace sumi::cli;

namespace {

std::vector<ConvertJob> numbered_jobs(int count) {
  std::vector<ConvertJob> jobs;
  for (int i = 0; i < count; ++i) jobs.push_back({std::to_string(i), std::to_string(i), "", ""});
  return jobs;
}

// Stages that count; each image has `pixels`.
struct CountingStages {
  std::mutex mutex;
  std::vector<std::string> computed, ended;
  std::atomic<int> loaded{0}, saved{0};
  std::atomic<int> on_their_way{0}, most{0};
  std::atomic<bool> stopped{false};

  ConvertStages make(int pixels) {
    ConvertStages stages;
    stages.load = [this, pixels](ConvertItem& item) {
      ++loaded;
      const int now = ++on_their_way;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      item.photo.width = pixels;
      item.photo.height = 1;
      if (item.job.in == "3") item.error = "three is bad";
    };
    stages.compute = [this](ConvertItem& item) {
      CHECK(item.error.empty());
      const std::lock_guard lock(mutex);
      computed.push_back(item.job.in.string());
    };
    stages.save = [this](ConvertItem&) { ++saved; };
    stages.begin = [](const ConvertItem&) {};
    stages.done = [this](const ConvertItem& item) {
      --on_their_way;
      const std::lock_guard lock(mutex);
      ended.push_back(item.job.in.string() + (item.error.empty() ? "" : " failed"));
    };
    stages.stop = [this] { return stopped.load(); };
    return stages;
  }
};

}  // namespace

TEST_CASE("convert pipeline: every job ends once, in order with one thread a stage, failed ones too") {
  for (const auto& [threads, ordered] : {std::pair{ConvertThreads{1, 1, 1}, true},
                                         {ConvertThreads{3, 1, 2}, false},
                                         {ConvertThreads{2, 4, 2}, false}})
    for (const int count : {0, 1, 2, 40}) {
      CountingStages counting;
      run_pipeline(numbered_jobs(count), threads, counting.make(10), 1000);
      CHECK(counting.loaded == count);
      CHECK(counting.saved == (count > 3 ? count - 1 : count));
      std::vector<std::string> expected;
      for (int i = 0; i < count; ++i) expected.push_back(std::to_string(i) + (i == 3 ? " failed" : ""));
      if (!ordered) {
        std::sort(expected.begin(), expected.end());
        std::sort(counting.ended.begin(), counting.ended.end());
      }
      CHECK(counting.ended == expected);
    }
}

TEST_CASE("convert pipeline: large pictures wait until there is room, and none waits for ever") {
  CountingStages counting;
  run_pipeline(numbered_jobs(20), {4, 1, 1}, counting.make(100), 50);
  CHECK(counting.ended.size() == 20);
  CHECK(counting.most == 1);
  CountingStages small;
  run_pipeline(numbered_jobs(60), {4, 1, 1}, small.make(1), 1e9);
  CHECK(small.most <= 4 + 1 + 1 + 2);
}

TEST_CASE("convert pipeline: after a stop what is computed is saved, and no more is begun") {
  CountingStages counting;
  ConvertStages stages = counting.make(1);
  stages.compute = [&, compute = stages.compute](ConvertItem& item) {
    compute(item);
    if (item.job.in == "5") counting.stopped = true;
  };
  run_pipeline(numbered_jobs(100), {1, 1, 1}, stages, 1e9);
  CHECK(counting.computed.back() == "5");
  CHECK(counting.ended.size() == 6);  // and the third failed
  CHECK(counting.saved == 5);
}

TEST_CASE("convert estimate: told from ten seconds on, and measured only where it may come to that") {
  const sumi::test::TempDir folder;
  Photo photo{64, 32, 8, std::vector<std::uint16_t>(64 * 32 * 3, 9000), {}, ""};
  save_photo(folder.path / "a.png", photo);
  const std::vector<ConvertJob> one{{folder.path / "a.png", "x.png", "a.png", ""}};
  std::vector<ConvertJob> many(500, one[0]);
  PhotoFilter filter;
  int calls = 0;
  const auto process = [&](const Photo&) {
    ++calls;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  };
  filter.work = [](double width, double height) { return width * height * 1e-8; };
  CHECK(ConvertEstimate(one, 0, filter).line(photo, 0, process).empty());
  CHECK(calls == 0);
  filter.work = [](double width, double height) { return width * height * 1e-3; };  // 2 s
  CHECK(ConvertEstimate(one, 0, filter).line(photo, 0, process).empty());
  CHECK(calls > 0);
  filter.work = [](double width, double height) { return width * height; };
  const std::string told = ConvertEstimate(many, 0, filter).line(photo, 0.1, process);
  CAPTURE(told);
  CHECK(sumi::test::has(told, "500 images, 1.0 megapixels: about "));
  std::vector<ConvertJob> slow(10'000, one[0]);
  CHECK(sumi::test::has(ConvertEstimate(slow, 16, filter).line(resize_photo(photo, 16, 8), 0, process),
                        "10000 images, 1.3 megapixels: about "));
}

TEST_CASE("compare page: both pictures are in it, and a name is text") {
  const std::string page = compare_page("<script>a&b\".jpg", 30, 20, {"before", "image/png"},
                                        {std::string("\0\xff!", 3), "image/jpeg"});
  CHECK(sumi::test::has(page, "data:image/png;base64,YmVmb3Jl\""));
  CHECK(sumi::test::has(page, "data:image/jpeg;base64,AP8h\""));
  CHECK(sumi::test::has(page, "<title>&lt;script&gt;a&amp;b&quot;.jpg</title>"));
  CHECK_FALSE(sumi::test::has(page, "<script>a&"));
  CHECK(sumi::test::has(page, "aspect-ratio:30/20"));
  CHECK_FALSE(sumi::test::has(page, "http:"));  // no other file, no network
  CHECK_FALSE(sumi::test::has(page, "https:"));
  CHECK(sumi::test::has(compare_page("x", 1, 1, {"a", "image/png"}, {"ab", "image/png"}), "base64,YQ==\""));
  CHECK(sumi::test::has(compare_page("x", 1, 1, {"a", "image/png"}, {"ab", "image/png"}), "base64,YWI=\""));
}
