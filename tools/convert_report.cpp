#include "tools/convert_report.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "models/training/pace.h"
#include "tools/convert_jobs.h"

namespace sumi::cli {
namespace {

using Json = nlohmann::ordered_json;

Progress::Style screen_of(const ReportStyle& style) {
  return style.json || style.stdout_taken ? Progress::Style::quiet : style.screen;
}

void print_json(const Json& json) {
  fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));  // paths need not be UTF-8
  std::fflush(stdout);
}

double thousandths(double value) {
  return std::round(value * 1000) / 1000;
}

}  // namespace

ConvertReport::ConvertReport(ReportStyle style, std::size_t jobs)
    : style_(std::move(style)), jobs_(jobs), screen_(screen_of(style_), jobs) {}

std::string ConvertReport::shown(std::string text) const {
  if (style_.stdin_file.empty()) return text;
  for (std::size_t at = text.find(style_.stdin_file); at != std::string::npos;
       at = text.find(style_.stdin_file, at))
    text.replace(at, style_.stdin_file.size(), kStandardInput);
  return text;
}

void ConvertReport::complain(const std::string& line) {
  const std::lock_guard lock(mutex_);
  screen_.complain(shown(line));
}

void ConvertReport::failed(const std::string& line) {
  ++failed_;
  complain(line);
  if (style_.json) print_json(Json{{"status", "failed"}, {"error", shown(line)}});
}

void ConvertReport::note(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (!style_.quiet) screen_.note(line, style_.json || style_.stdout_taken ? stderr : stdout);
}

void ConvertReport::begin(const ConvertItem& item) {
  const std::lock_guard lock(mutex_);
  screen_.working(shown(item.job.in.filename().string()));
}

void ConvertReport::done(const ConvertItem& item) {
  const std::lock_guard lock(mutex_);
  for (const std::string& warning : item.warnings) screen_.complain("warning: " + shown(warning));
  if (!item.error.empty()) {
    ++failed_;
    if (item.refused) ++refused_;
    screen_.complain(shown(item.error));
    screen_.done("");
    if (style_.json) print_item(item.job, item.refused ? "refused" : "failed", &item);
    return;
  }
  ++written_;
  std::string line = fmt::format("{}: {}x{}, {:.1f} s", item.job.out.string(), item.result.width,
                                 item.result.height, item.seconds());
  if (!item.passed.empty()) line += ", " + item.passed;
  if (item.verdict)
    line += fmt::format(", judge {:.3f}, {:.0f} % of patches real", item.verdict->score,
                        100 * item.verdict->real_share);
  screen_.done(line);
  if (style_.json) print_item(item.job, item.passed.empty() ? "written" : "passed", &item);
}

void ConvertReport::skipped(const ConvertJob& job) {
  ++skipped_;
  if (style_.json) print_item(job, "skipped", nullptr);
}

void ConvertReport::planned(const ConvertJob& job) {
  if (style_.json) return print_item(job, "planned", nullptr);
  fmt::print("{} -> {}\n", shown(job.in.string()), job.out.string());
}

void ConvertReport::print_item(const ConvertJob& job, const char* status, const ConvertItem* item) const {
  Json json{{"input", shown(job.in.string())}, {"output", job.out.string()}, {"status", status}};
  if (!job.mask.empty()) json["mask"] = job.mask.string();
  if (item) {
    if (item->error.empty()) {
      json["width"] = item->result.width;
      json["height"] = item->result.height;
      if (item->verdict)
        json["judge"] = {{"score", item->verdict->score}, {"real_share", item->verdict->real_share}};
    } else {
      json["error"] = shown(item->error);
    }
    for (const std::string& warning : item->warnings) json["warnings"].push_back(shown(warning));
    json["seconds"] = thousandths(item->seconds());
    json["load_seconds"] = thousandths(item->load_seconds);
    json["compute_seconds"] = thousandths(item->compute_seconds);
    json["save_seconds"] = thousandths(item->save_seconds);
  }
  print_json(json);
}

void ConvertReport::summary(bool dry_run) {
  if (style_.json || style_.stdout_taken) return;
  if (dry_run) {
    fmt::print("{} images would be written, {} are there already\n", jobs_, skipped_);
    return;
  }
  if (style_.quiet) return;
  std::string line = fmt::format("{} of {} images written", written_, jobs_);
  if (failed_ > 0) line += fmt::format(", {} failed", failed_);
  if (skipped_ > 0) line += fmt::format(", {} were there already", skipped_);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  if (jobs_ > 1) line += ", " + duration_text(seconds.count());
  screen_.finish(line);
}

}  // namespace sumi::cli
