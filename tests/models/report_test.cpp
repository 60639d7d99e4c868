// Pages about runs: the data that is in them, limits, damaged runs.
#include "models/report/report.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/image/image.h"
#include "engine/serialize/file.h"
#include "models/report/run_record.h"
#include "models/settings.h"
#include "tests/support.h"

using namespace sumi;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::has;

namespace {

// A run directory without checkpoints, of `steps` logged steps and `sheets` noisy sheets.
fs::path make_run(const fs::path& path, int steps, int sheets, int side, const std::string& note = "") {
  fs::create_directories(path / "samples");
  Json options = to_json(default_options("dcgan"));
  options["lr"] = 0.25;
  write_file_atomically(path / "options.json", options.dump());
  std::string lines;
  for (int i = 1; i <= steps; ++i)
    lines += Json{{"step", i},
                  {"images", i * 64},
                  {"seconds", i * 0.5},
                  {"images_per_second", 128.0},
                  {"loss_d", 1.0 / i}}
                 .dump() +
             "\n";
  write_file_atomically(path / "stats.jsonl", lines);
  write_file_atomically(path / "log.txt", "2026-11-30 10:00:00  warning: " + note +
                                              "\n2026-11-30 10:00:01  done: " + std::to_string(steps) +
                                              " steps\n");
  std::uint32_t random = 1;
  for (int k = 0; k < sheets; ++k) {
    Image8 image(side, side, 3);
    for (auto& v : image.data) v = static_cast<std::uint8_t>((random = random * 1664525 + 1013904223) >> 24);
    save_image(path / "samples" / (std::to_string(k * 10) + ".png"), image);
  }
  return path;
}

Json data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t at = page.find(begin) + begin.size();
  return Json::parse(page.substr(at, page.find("</script>", at) - at));
}

}  // namespace

TEST_CASE("report: the page holds the curves, options, sheets and warnings of the run") {
  const test::TempDir dir;
  const std::string page = report_page({make_run(dir.path / "run", 30, 3, 16, "look </script><b>here")});
  const Json data = data_of(page), run = data["runs"][0];
  CHECK(data["title"] == "run");
  CHECK(run["state"] == "done");
  CHECK(run["step"] == 30);
  CHECK(run["columns"]["loss_d"].size() == 30);
  CHECK(run["columns"]["loss_d"][1] == 0.5);
  CHECK(run["options"]["lr"] == 0.25);
  CHECK(run["defaults"]["lr"] == 0.0002);
  CHECK(run["messages"] == Json::array({"look </script><b>here"}));
  CHECK(run["samples"].size() == 3);
  CHECK(run["samples"][2]["step"] == 20);
  CHECK(has(run["samples"][2]["src"].get<std::string>(), "data:image/png;base64,"));
  CHECK_FALSE(has(page, "@REPORT_DATA@"));
}

TEST_CASE("report: long runs and large sheets stay under 5 MB; first and last sheet are kept") {
  const test::TempDir dir;
  const std::string page = report_page({make_run(dir.path / "run", 9000, 90, 200)});
  CHECK(page.size() < 5'000'000);
  const Json run = data_of(page)["runs"][0];
  CHECK(run["columns"]["step"].size() <= 2001);
  CHECK(run["columns"]["step"].back() == 9000);
  CHECK(run["samples"].size() == 60);
  CHECK(run["samples"].front()["step"] == 0);
  CHECK(run["samples"].back()["step"] == 890);
}

TEST_CASE("report: a stats.jsonl of more than 4 MB is sampled, its last line included") {
  const test::TempDir dir;
  const fs::path run = make_run(dir.path / "run", 1, 0, 1);
  const std::string filler(2000, '.');
  std::string lines;
  for (int i = 1; i <= 3001; ++i) lines += "{\"step\":" + std::to_string(i) + ",\"x\":\"" + filler + "\"}\n";
  write_file_atomically(run / "stats.jsonl", lines);
  const Json page = data_of(report_page({run}));
  const Json& steps = page["runs"][0]["columns"]["step"];
  CHECK(steps.front() == 1);
  CHECK(steps.back() == 3001);
}

TEST_CASE("report: damaged lines, values and images are skipped; what is no run is an error") {
  const test::TempDir dir;
  const fs::path run = make_run(dir.path / "run", 2, 1, 8);
  write_file_atomically(
      run / "stats.jsonl",
      "{\"step\":1,\"loss_d\":1}\nnot "
      "json\n[1]\n{\"step\":\"x\"}\n{\"step\":2,\"loss_g\":1e999}\n{\"step\":3,\"loss_d\":2}\n{\"st");
  write_file_atomically(run / "samples" / "10.png", "not a PNG");
  const RunRecord record = read_run(run, 1'000'000);
  CHECK(record.step == 3);
  for (const auto& [name, values] : record.columns) {
    if (name == "loss_d") CHECK(values.front() == 1);
    CHECK(values.size() == record.columns.front().second.size());
  }
  CHECK(record.sheets.size() == 1);
  CHECK_THROWS_WITH_AS(read_run(dir.path, 1), doctest::Contains("holds no options.json"), Error);
  write_file_atomically(run / "options.json", "[");
  CHECK_THROWS_AS(read_run(run, 1), Error);
}

TEST_CASE("report: several runs share the budget of one page") {
  const test::TempDir dir;
  const std::string page =
      report_page({make_run(dir.path / "a", 5, 20, 200), make_run(dir.path / "b", 5, 20, 200)});
  CHECK(page.size() < 5'000'000);
  CHECK(data_of(page)["title"] == "a, b");
  CHECK(data_of(page)["runs"].size() == 2);
}
