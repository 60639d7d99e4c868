#include "models/report/run_record.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "engine/error.h"
#include "engine/image/image.h"
#include "engine/serialize/file.h"
#include "models/judges/set_judge.h"
#include "models/options/json_text.h"
#include "models/settings.h"
#include "models/training/run_paths.h"
#include "models/training/step_name.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRows = 2000;  // of a curve; a chart has fewer columns of pixels
constexpr std::size_t kMaxSheets = 60;
constexpr std::size_t kMaxLine = 1 << 16;
constexpr std::streamoff kWholeFile = 4 << 20;  // a longer stats.jsonl is sampled

// Returns true if a process holds the run's FileLock (engine/serialize/file.h).
bool is_locked(const fs::path& run) {
  const int fd = ::open((run / ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  const bool locked = fd >= 0 && ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (fd >= 0) ::close(fd);
  return locked;
}

// Lines of a text file, at most kMaxLine bytes of each.
std::vector<std::string> lines_of(std::istream& in, std::size_t most) {
  std::vector<std::string> lines;
  std::string line;
  while (lines.size() < most && std::getline(in, line)) lines.push_back(line.substr(0, kMaxLine));
  return lines;
}

// All lines of stats.jsonl, or of a long file the first, the last, and others at even distances.
std::vector<std::string> stats_lines(const fs::path& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec)) return {};
  std::ifstream in(path, std::ios::binary);
  const auto size = static_cast<std::streamoff>(fs::file_size(path, ec));
  if (size <= kWholeFile) return lines_of(in, SIZE_MAX);
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t k = 0; k + 1 < kMaxRows; ++k) {  // the last line comes below
    in.clear();
    in.seekg(static_cast<std::streamoff>(k) * size / static_cast<std::streamoff>(kMaxRows));
    if (k > 0) std::getline(in, line);  // the rest of a line
    if (std::getline(in, line) && line.size() < kMaxLine) lines.push_back(line);
  }
  in.clear();
  in.seekg(size - static_cast<std::streamoff>(kMaxLine));
  for (std::string last; std::getline(in, last);) line = std::move(last);
  lines.push_back(line);
  return lines;
}

// Returns true for a line with a score of --metrics, of which there are few.
bool holds_score(const std::string& line) {
  const auto& all = set_score_keys();
  return std::any_of(all.begin(), all.end(), [&line](const std::string& key) {
    return line.find('"' + key + '"') != std::string::npos;
  });
}

// best.json; a damaged one is as if there were none.
void read_best(RunRecord& run, const fs::path& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec) || fs::file_size(path, ec) > 4096) return;
  const Json json = Json::parse(read_file(path, 4096), nullptr, false);
  if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) return;
  run.best = json["step"].get<std::int64_t>();
  if (json.contains("metric") && json["metric"].is_string()) run.best_metric = json["metric"];
  if (json.contains("value") && json["value"].is_number()) run.best_value = json["value"];
}

void read_stats(RunRecord& run, const fs::path& path) {
  std::vector<std::string> lines = stats_lines(path);
  const std::size_t stride = (lines.size() + kMaxRows - 1) / kMaxRows;
  std::size_t rows = 0;
  std::map<std::string, std::size_t> columns;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (stride > 1 && i % stride != 0 && i + 1 != lines.size() && !holds_score(lines[i])) continue;
    const Json json = Json::parse(lines[i], nullptr, false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) continue;
    for (const auto& [key, value] : json.items()) {
      if (!value.is_number() || columns.size() > 64) continue;
      const auto [at, is_new] = columns.emplace(key, columns.size());
      if (is_new) run.columns.emplace_back(key, std::vector<Json>(rows));
      run.columns[at->second].second.resize(rows);
      run.columns[at->second].second.push_back(std::isfinite(value.get<double>()) ? value : Json());
    }
    ++rows;
    run.step = json["step"].get<std::int64_t>();
    if (json.contains("seconds") && json["seconds"].is_number()) run.seconds = json["seconds"].get<double>();
  }
  for (auto& [name, values] : run.columns) values.resize(rows);
}

void read_options(RunRecord& run, const fs::path& path) {
  const std::string where = "options " + path.string();
  run.options = parse_json(read_file(path, 1 << 20), where, "restore options.json, or leave the run out");
  if (!run.options.is_object()) fail(where, "is not an object; restore options.json, or leave the run out");
  if (run.options.contains("model") && run.options["model"].is_string()) run.model = run.options["model"];
  if (run.options.contains("steps") && run.options["steps"].is_number_integer())
    run.steps = run.options["steps"];
  run.options.erase(kStartedIn);
  run.defaults = Json::object();
  try {
    run.defaults = to_json(default_options(run.model));
  } catch (const Error&) {  // a model of another version of sumi
  }
}

// The text after "DATE TIME  " of a line of log.txt.
std::string without_time(const std::string& line) {
  constexpr std::size_t kTime = 21;
  return line.size() > kTime && line[4] == '-' ? line.substr(kTime) : line;
}

void read_log(RunRecord& run, const fs::path& path) {
  constexpr std::size_t kMostLines = 200'000, kShown = 60, kMessages = 40;
  std::error_code ec;
  if (!fs::is_regular_file(path, ec)) return;
  std::ifstream in(path);
  std::vector<std::string> lines = lines_of(in, kMostLines);
  std::set<std::string> seen;
  for (const std::string& line : lines) {
    const std::string text = without_time(line);
    for (const std::string mark : {"warning: ", "note: "})
      if (text.starts_with(mark) && run.messages.size() < kMessages && seen.insert(text).second)
        run.messages.push_back(text.substr(mark.size()));
  }
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(std::min(kShown, lines.size())));
  run.log = lines;
}

// `most` of the steps at even distances, the first and the last included.
std::vector<std::int64_t> thinned(const std::set<std::int64_t>& steps, std::size_t most) {
  const std::vector<std::int64_t> all(steps.begin(), steps.end());
  if (all.size() <= most) return all;
  std::vector<std::int64_t> kept;
  for (std::size_t k = 0; k < most; ++k) kept.push_back(all[k * (all.size() - 1) / (most - 1)]);
  return kept;
}

// A sheet in at most about `budget` bytes: the PNG itself, or a smaller JPEG.
RunRecord::Sheet read_sheet(const fs::path& path, std::int64_t step, std::size_t budget) {
  Image8 image = load_image(path);
  RunRecord::Sheet sheet{step, image.width, image.height, "image/png", {}};
  std::error_code ec;
  if (fs::file_size(path, ec) <= budget && !ec) {
    sheet.bytes = read_file(path, budget);
    return sheet;
  }
  sheet.type = "image/jpeg";
  for (int attempt = 0; attempt < 6; ++attempt) {
    sheet.bytes = encoded_image("sheet.jpg", image, 88);
    sheet.width = image.width, sheet.height = image.height;
    if (sheet.bytes.size() <= budget) break;
    const double scale =
        std::sqrt(static_cast<double>(budget) / static_cast<double>(sheet.bytes.size())) * 0.95;
    const auto scaled = [scale](int side) { return std::max(1, static_cast<int>(side * scale)); };
    image = resize_image(image, scaled(image.width), scaled(image.height));
  }
  return sheet;
}

void read_sheets(RunRecord& run, const fs::path& folder, std::size_t budget) {
  std::set<std::int64_t> steps;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (entry.path().extension() == ".png" && step_of(entry.path()) >= 0) steps.insert(step_of(entry.path()));
  const std::vector<std::int64_t> kept = thinned(steps, kMaxSheets);
  for (const std::int64_t step : kept) {
    try {
      run.sheets.push_back(read_sheet(folder / (std::to_string(step) + ".png"), step, budget / kept.size()));
    } catch (const Error&) {  // being replaced, or damaged: the others are shown
    }
  }
}

void read_checkpoints(RunRecord& run, const fs::path& folder) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (entry.path().extension() == ".safetensors")
      run.checkpoints.push_back(
          {step_of(entry.path()), entry.path().filename().string(), entry.file_size(ec)});
  std::sort(run.checkpoints.begin(), run.checkpoints.end(), [](const auto& a, const auto& b) {
    return a.step != b.step ? a.step < b.step : a.name < b.name;
  });
}

}  // namespace

RunRecord read_run(const fs::path& path, std::size_t sheet_bytes) {
  std::error_code ec;
  if (!fs::is_regular_file(path / "options.json", ec))
    fail("run " + path.string(), "holds no options.json; give the --outdir of a run of sumi train");
  RunRecord run;
  const fs::path whole = fs::absolute(path, ec).lexically_normal();
  run.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  read_options(run, path / "options.json");
  read_stats(run, path / "stats.jsonl");
  read_log(run, path / "log.txt");
  read_sheets(run, path / "samples", sheet_bytes);
  read_checkpoints(run, path / "checkpoints");
  read_best(run, path / "best.json");
  // The trainer writes its last report while it holds the lock.
  const std::string end = run.log.empty() ? "" : without_time(run.log.back());
  const bool stopped = end.starts_with("stopped at step") || !is_locked(path);
  run.state = end.starts_with("done: ") ? "done" : stopped ? "stopped" : "running";
  return run;
}

}  // namespace sumi
