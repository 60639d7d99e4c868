// Training progress: one live line on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <string>

#include "models/training/trainer.h"

namespace sumi::cli {

class Progress final : public TrainingObserver {
 public:
  enum class Style { quiet, plain, live };  // quiet: warnings only
  // Live on a terminal that can move its cursor, plain otherwise.
  static Style style_for(bool quiet, bool no_progress);

  explicit Progress(Style style) : style_(style) {}
  ~Progress() override { finish(); }

  void message(const std::string& line) override;
  void warning(const std::string& line) override;
  void decoding(std::int64_t done, std::int64_t total) override;
  void progress(const TrainingObserver::Progress& progress) override;

  // Leaves the last state on the screen.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  bool due(double seconds);
  void show(const std::string& line);
  void clear_line();
  void end_decoding();

  Style style_;
  Clock::time_point shown_at_{};
  bool shown_ = false;      // something of the current kind has been shown
  bool line_open_ = false;  // the cursor is at the end of the live line
  bool decoding_ = false;
  bool complete_ = false;  // the last step has been taken
  std::string last_;       // the newest state, if it has not been shown
};

// "[####------]" of `width` columns in all.
std::string bar_text(double fraction, int width);

}  // namespace sumi::cli
