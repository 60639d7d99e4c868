#include "tools/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/error.h"
#include "models/training/pace.h"
#include "tools/cli/cli.h"
#include "tools/cli/signals.h"

namespace sumi::cli {
namespace {

constexpr double kLiveSeconds = 0.1, kPlainSeconds = 10, kSlowStep = 5;

// Joins the parts of the line, most important first, up to `room` columns; `room` < 0: all of them.
std::string join_parts(const std::vector<std::string>& parts, int room) {
  std::string line;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    const int length = static_cast<int>(line.size() + 2 + part.size());
    if (room >= 0 && length > room) break;
    line += (line.empty() ? "" : "  ") + part;
  }
  return line;
}

std::string stats_text(const TrainingObserver::Progress& p) {
  std::string text;
  if (!p.stats) return text;
  for (const auto& [name, value] : *p.stats)
    if (name != "d_accuracy") text += fmt::format("{}{} {:.3f}", text.empty() ? "" : "  ", name, value);
  return text;
}

}  // namespace

std::string bar_text(double fraction, int width) {
  if (!(fraction > 0)) fraction = 0;
  const int inner = std::max(width - 2, 1);
  const int full = static_cast<int>(std::min(fraction, 1.0) * inner);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(inner - full), '-') + "]";
}

Progress::Style Progress::style_for(bool quiet, bool no_progress) {
  if (quiet) return Style::quiet;
  const char* term = std::getenv("TERM");
  const bool can_move = ::isatty(STDOUT_FILENO) && term && std::strcmp(term, "dumb") != 0;
  return can_move && !no_progress ? Style::live : Style::plain;
}

bool Progress::due(double seconds) {
  const auto now = Clock::now();
  if (shown_ && std::chrono::duration<double>(now - shown_at_).count() < seconds) return false;
  shown_at_ = now;
  return shown_ = true;
}

void Progress::clear_line() {
  if (line_open_) std::fputs("\r\033[K", stdout);
  line_open_ = false;
}

void Progress::show(const std::string& line) {
  if (style_ == Style::live) {
    fmt::print("\r{}\033[K", line);
    line_open_ = true;
  } else {
    fmt::print("{}\n", line);
  }
  std::fflush(stdout);
  last_.clear();
}

void Progress::message(const std::string& line) {
  if (style_ == Style::quiet) return;
  // "done" follows the last state; any other text goes above the live line, which the next step
  // redraws.
  if (style_ == Style::live && !complete_)
    clear_line();
  else
    finish();
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void Progress::warning(const std::string& line) {
  clear_line();
  std::fflush(stdout);
  fmt::print(stderr, "sumi: warning: {}\n", printable(line));
}

void Progress::decoding(std::int64_t done, std::int64_t total) {
  if (style_ == Style::quiet) return;
  if (!decoding_) shown_at_ = Clock::now(), shown_ = style_ == Style::plain;  // a short start prints nothing
  decoding_ = true;
  const double fraction = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
  const std::string counts = fmt::format("reading images {}/{}", done, total);
  last_ = style_ == Style::live ? bar_text(fraction, 26) + " " + counts : counts;
  if (due(style_ == Style::live ? kLiveSeconds : kPlainSeconds)) show(last_);
  if (done >= total) end_decoding();
}

void Progress::end_decoding() {
  if (style_ == Style::live && !last_.empty()) show(last_);
  last_.clear();
  decoding_ = shown_ = false;
  if (line_open_) std::fputs("\n", stdout);
  line_open_ = false;
}

void Progress::progress(const TrainingObserver::Progress& p) {
  const double each = p.seconds_left / static_cast<double>(p.steps - p.step);
  set_stop_words(
      each >= kSlowStep && std::isfinite(each)
          ? fmt::format("finishing this step, which takes about {}, then saving", duration_text(each))
          : "finishing this step, then saving");
  if (style_ == Style::quiet) return;
  if (decoding_) end_decoding();
  complete_ = p.step == p.steps;
  const std::string count = fmt::format("{}/{}", p.step, p.steps);
  const std::string rate =
      fmt::format("{:.{}f} img/s", p.images_per_second, p.images_per_second < 10 ? 1 : 0);
  const bool known = p.step < p.steps && std::isfinite(p.seconds_left);
  const std::string left = known ? duration_text(p.seconds_left) + " left" : "";
  const std::string epoch =
      fmt::format("epoch {:.2f}/{:.{}f}", p.epoch, p.epochs, p.epochs == std::floor(p.epochs) ? 0 : 2);
  if (style_ == Style::plain) {
    last_ = join_parts({"step " + count, epoch, rate, stats_text(p), left}, -1);
  } else {
    const int width = terminal_width(80) - 1;  // a full last column would wrap
    const double fraction = p.steps > 0 ? static_cast<double>(p.step) / static_cast<double>(p.steps) : 0;
    const int bar = width >= 120 ? 24 : width >= 60 ? 12 : 0;
    const std::string text =
        join_parts({count, left, rate, stats_text(p), epoch}, bar > 0 ? width - bar - 1 : width);
    last_ = bar > 0 ? bar_text(fraction, bar) + " " + text : text;
  }
  if (due(style_ == Style::live ? kLiveSeconds : kPlainSeconds) || complete_) show(last_);
}

void Progress::finish() {
  if (style_ != Style::quiet && !last_.empty() && !decoding_) show(last_);
  if (line_open_) std::fputs("\n", stdout), std::fflush(stdout);
  line_open_ = false;
}

}  // namespace sumi::cli
