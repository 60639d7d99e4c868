#include "tools/cli/item_progress.h"

#include <fmt/format.h>

#include <cstdio>

#include "engine/error.h"
#include "models/training/pace.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

void CountProgress::clear() {
  if (line_open_) std::fputs("\r\033[K", stdout);
  line_open_ = false;
  std::fflush(stdout);
}

void CountProgress::working(const std::string& next) {
  if (style_ != Progress::Style::live) return;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const auto count = static_cast<double>(count_), total = static_cast<double>(total_);
  std::string line = fmt::format("{} {}/{}", bar_text(count / total, 26), count_, total_);
  if (count_ > 0) line += fmt::format("  {} left", duration_text(seconds / count * (total - count)));
  // Truncates the name to the line: a full last column would wrap.
  const auto room = static_cast<std::size_t>(terminal_width(80) - 1);
  if (line.size() + 2 + next.size() <= room) line += "  " + next;
  clear();
  std::fputs(line.substr(0, room).c_str(), stdout);
  std::fflush(stdout);
  line_open_ = true;
}

void CountProgress::done(const std::string& line) {
  ++count_;
  if (style_ != Progress::Style::plain || line.empty()) return;
  fmt::print("{}/{} {}\n", count_, total_, line);
  std::fflush(stdout);
}

void CountProgress::complain(const std::string& line) {
  clear();
  fmt::print(stderr, "sumi: {}\n", printable(line));
}

void CountProgress::note(const std::string& line, std::FILE* file) {
  clear();
  fmt::print(file, "{}\n", printable(line));
  std::fflush(file);
}

void CountProgress::finish(const std::string& line) {
  clear();
  fmt::print("{}\n", line);
}

}  // namespace sumi::cli
