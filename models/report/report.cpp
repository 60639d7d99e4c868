#include "models/report/report.h"

#include <fmt/format.h>

#include <string_view>

#include "engine/serialize/base64.h"
#include "engine/serialize/file.h"
#include "models/options/json_text.h"
#include "models/report/page.h"
#include "models/report/run_record.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kSheetBytes = 3'000'000;  // of all runs; base64 adds a third
constexpr std::string_view kSlot = "@REPORT_DATA@";

Json images_per_second(const RunRecord& run) {
  for (const auto& [name, values] : run.columns)
    if (name == "images_per_second" && !values.empty()) return values.back();
  return {};
}

Json to_json(const RunRecord& run) {
  Json json = {{"name", run.name},
               {"model", run.model},
               {"state", run.state},
               {"step", run.step},
               {"steps", run.steps},
               {"seconds", run.seconds},
               {"options", run.options},
               {"defaults", run.defaults},
               {"messages", run.messages},
               {"log", run.log},
               {"images_per_second", images_per_second(run)},
               {"best", run.best < 0 ? Json() : Json(run.best)},
               {"best_score", run.best_metric.empty() ? Json() : Json({run.best_metric, run.best_value})}};
  json["columns"] = Json::object();
  for (const auto& [name, values] : run.columns) json["columns"][name] = values;
  json["samples"] = Json::array();
  for (const RunRecord::Sheet& sheet : run.sheets)
    json["samples"].push_back({{"step", sheet.step},
                               {"width", sheet.width},
                               {"height", sheet.height},
                               {"src", fmt::format("data:{};base64,{}", sheet.type, base64(sheet.bytes))}});
  json["checkpoints"] = Json::array();
  for (const RunRecord::Checkpoint& file : run.checkpoints)
    json["checkpoints"].push_back({{"step", file.step}, {"name", file.name}, {"bytes", file.bytes}});
  return json;
}

}  // namespace

std::string report_page(const std::vector<fs::path>& runs) {
  Json data;
  data["runs"] = Json::array();
  std::string title;
  for (const fs::path& path : runs) {
    const RunRecord run = read_run(path, kSheetBytes / runs.size());
    title += (title.empty() ? "" : ", ") + run.name;
    data["runs"].push_back(to_json(run));
  }
  data["title"] = title;
  std::string page(kReportPage);
  return page.replace(page.find(kSlot), kSlot.size(), html_json(data));
}

void write_report(const std::vector<fs::path>& runs, const fs::path& output) {
  write_file_atomically(output, report_page(runs));
}

}  // namespace sumi
