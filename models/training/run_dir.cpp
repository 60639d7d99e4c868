#include "models/training/run_dir.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/image/plot.h"
#include "models/judges/set_judge.h"
#include "models/settings.h"
#include "models/training/run_paths.h"
#include "models/training/step_name.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxStatsLine = 1 << 16;

void make_folder(const fs::path& path) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec)
    fail("run " + path.string(), "cannot make the folder: " + ec.message() + "; choose another --outdir");
}

// The epoch number of epoch-E.ext, or -1.
std::int64_t epoch_of(const fs::path& file) {
  const std::string stem = file.stem().string(), prefix = "epoch-";
  return stem.starts_with(prefix) ? step_of(stem.substr(prefix.size())) : -1;
}

// Appends one line. Throws on a full disk.
void append_line(const fs::path& path, const std::string& line) {
  std::FILE* file = std::fopen(path.c_str(), "a");
  bool good = file && std::fputs((line + "\n").c_str(), file) >= 0;
  if (file) good = std::fclose(file) == 0 && good;
  if (!good) fail("run", "cannot write " + path.string() + "; is the disk full or read-only?");
}

Json json_of(const StatsLine& line) {
  Json json;
  json["step"] = line.step;
  json["images"] = line.images;
  json["seconds"] = line.seconds;
  json["images_per_second"] = line.images_per_second;
  for (const StepStats* values : {&line.stats, &line.scores})
    for (const auto& [name, value] : *values) json[name] = value;
  return json;
}

StatsLine line_of(const Json& json) {
  StatsLine line;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_number()) continue;
    if (key == "step" || key == "images") {  // fractions and values such as 1e300 were not written by sumi
      if (value.is_number_integer()) (key == "step" ? line.step : line.images) = value.get<std::int64_t>();
    } else if (key == "seconds") {
      line.seconds = value.get<double>();
    } else if (key == "images_per_second") {
      line.images_per_second = value.get<double>();
    } else {
      (is_set_score(key) ? line.scores : line.stats).emplace_back(key, value.get<double>());
    }
  }
  return line;
}

}  // namespace

RunDir::RunDir(const fs::path& path, bool made) : path_(path), made_(made), lock_(path) {
  make_folder(path / "samples");
  make_folder(path / "checkpoints");
  for (const char* sub : {".", "samples", "checkpoints"}) remove_stale_temporaries(path / sub);
}

RunDir RunDir::create(const fs::path& path) {
  std::error_code ec;
  const bool existed = fs::exists(path, ec);
  if (existed && !fs::is_directory(path, ec))
    fail("run " + path.string(), "is a file; --outdir needs a folder");
  make_folder(path);
  RunDir run(path, !existed);
  // Checked under the lock, because another run may have begun and ended meanwhile. A run that was
  // killed before its first checkpoint holds nothing worth keeping and may be restarted.
  bool begun = false;
  for (const auto& entry : fs::directory_iterator(path / "checkpoints", ec))
    begun = begun || entry.path().extension() == ".safetensors";
  if (begun)
    fail("run " + path.string(), "holds a run already; continue it with sumi train --resume " +
                                     path.string() + " or choose another --outdir");
  return run;
}

RunDir RunDir::open(const fs::path& path) {
  std::error_code ec;
  if (fs::is_regular_file(path, ec))
    fail("run " + path.string(),
         "is a file; --resume takes the run's folder and goes on from its newest checkpoint. To go on from "
         "this one, start a new run: sumi train MODEL --init " +
             path.string());
  if (!fs::is_directory(path / "checkpoints", ec))
    fail("run " + path.string(),
         "is not a run directory of sumi train; give the --outdir of the run to resume");
  return RunDir(path, false);
}

void RunDir::discard_if_new() const {
  std::error_code ec;
  if (!made_ || fs::exists(checkpoint_path(0), ec)) return;
  for (const char* file :
       {"options.json", "log.txt", "report.html", "samples/0.png", "samples", "checkpoints", ".lock"})
    fs::remove(path_ / file, ec);
  fs::remove(path_, ec);
}

fs::path RunDir::sample_path(std::int64_t step) const {
  return path_ / "samples" / fmt::format("{}.png", step);
}
fs::path RunDir::checkpoint_path(std::int64_t step) const {
  return path_ / "checkpoints" / fmt::format("{}.safetensors", step);
}
fs::path RunDir::epoch_path(std::int64_t epoch) const {
  return path_ / "checkpoints" / fmt::format("epoch-{}.safetensors", epoch);
}

void RunDir::write_options(const TrainOptions& options) const {
  Json json = to_json(options);
  std::error_code ec;
  if (const fs::path here = fs::current_path(ec); !ec) json[kStartedIn] = here.string();
  // The folder's name may not be UTF-8; all other strings were checked.
  write_file_atomically(path_ / "options.json",
                        json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void RunDir::log(const std::string& line) const {
  const std::time_t now = std::time(nullptr);
  append_line(path_ / "log.txt", fmt::format("{:%Y-%m-%d %H:%M:%S}  {}", fmt::localtime(now), line));
}

void RunDir::append(const StatsLine& line) {
  append_line(path_ / "stats.jsonl", json_of(line).dump());
  remember(line);
}

void RunDir::remember(StatsLine line) {
  constexpr std::size_t most = 4096;
  if (lines_++ % stride_ != 0) return;
  history_.push_back(std::move(line));
  if (history_.size() <= most) return;
  std::vector<StatsLine> thinned;
  for (std::size_t i = 0; i < history_.size(); i += 2) thinned.push_back(std::move(history_[i]));
  history_ = std::move(thinned);
  stride_ *= 2;
}

void RunDir::plot(const std::string& title) const {
  // Losses above, discriminator scores below; other values appear only in stats.jsonl.
  std::vector<std::vector<Series>> panels(2);
  if (history_.empty()) return;
  for (const auto& [name, unused] : history_.back().stats) {
    Series series;
    series.name = name;
    for (const StatsLine& line : history_)
      for (const auto& [key, value] : line.stats)
        if (key == name) {
          series.xs.push_back(static_cast<double>(line.step));
          series.ys.push_back(value);
        }
    panels[name.starts_with("loss") ? 0 : 1].push_back(std::move(series));
  }
  if (panels[1].empty()) panels.pop_back();
  plot_curves(path_ / "loss.png", title, panels);
}

void RunDir::cut_back(std::int64_t step, std::int64_t epoch) {
  history_.clear();
  lines_ = 0, stride_ = 1;
  std::string kept;
  std::error_code ec;
  std::ifstream in;
  if (fs::is_regular_file(path_ / "stats.jsonl", ec))
    in.open(path_ / "stats.jsonl");  // opening a pipe would block
  std::vector<char> buffer(kMaxStatsLine);
  while (in.getline(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {  // stops at a longer line
    const std::string text = buffer.data();
    const Json json = Json::parse(text, nullptr, false);
    // Drops a line truncated by a kill, and everything after it.
    if (json.is_discarded() || !json.is_object()) break;
    StatsLine line = line_of(json);
    if (line.step > step) break;
    kept += text + "\n";
    remember(std::move(line));
  }
  in.close();
  write_file_atomically(path_ / "stats.jsonl", kept);
  std::vector<fs::path> later;
  for (const char* sub : {"samples", "checkpoints"})
    for (const auto& entry : fs::directory_iterator(path_ / sub, ec))
      if (step_of(entry.path()) > step || epoch_of(entry.path()) > epoch) later.push_back(entry.path());
  for (const fs::path& file : later) {
    if (file.extension() != ".safetensors") {
      fs::remove(file, ec);
      continue;
    }
    make_folder(path_ / "replaced");
    fs::rename(file, path_ / "replaced" / file.filename(), ec);
    if (ec) fail("run " + path_.string(), "cannot move " + file.string() + " to replaced/: " + ec.message());
  }
}

void RunDir::prune(int keep, std::int64_t best) const {
  std::vector<std::int64_t> steps;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(path_ / "checkpoints", ec))
    if (entry.path().extension() == ".safetensors" && step_of(entry.path()) > 0)
      steps.push_back(step_of(entry.path()));
  std::sort(steps.rbegin(), steps.rend());
  for (std::size_t i = static_cast<std::size_t>(keep); i < steps.size(); ++i)
    if (steps[i] != best) fs::remove(checkpoint_path(steps[i]), ec);
}

void RunDir::mark_best(const std::optional<BestScore>& best) const {
  std::error_code ec;
  if (!best) return void(fs::remove(path_ / "best.json", ec));
  const Json json = {{"step", best->step},
                     {"metric", best->metric},
                     {"value", best->value},
                     {"checkpoint", fmt::format("checkpoints/{}.safetensors", best->step)}};
  write_file_atomically(path_ / "best.json", json.dump(2) + "\n");
}

}  // namespace sumi
