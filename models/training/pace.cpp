#include "models/training/pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "models/settings.h"

namespace sumi {
namespace {

constexpr std::size_t kRecent = 64, kEnough = 5;                                  // steps
constexpr double kLongStep = 10, kPatience = 20, kWorthALine = 60, kDay = 86400;  // seconds

}  // namespace

double median(std::deque<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Pace::mark(std::int64_t step, double seconds) {
  if (step_ < 0) start_ = seconds;
  if (step_ >= 0 && step > step_) {
    const double each = (seconds - at_) / static_cast<double>(step - step_);
    if (first_ == 0)
      first_ = each;
    else
      recent_.push_back(each);
    if (recent_.size() > kRecent) recent_.pop_front();
  }
  step_ = step;
  at_ = seconds;
}

double Pace::steps_per_second() const {
  const double each = recent_.empty() ? first_ : median(recent_);
  return each > 0 ? 1 / each : 0;
}

double Pace::seconds_of(std::int64_t steps) const {
  if (recent_.empty() && first_ < kLongStep) return std::nan("");
  return static_cast<double>(steps) * (recent_.empty() ? first_ : median(recent_));
}

std::vector<std::string> Pace::first_estimate(std::int64_t left, const TrainOptions& options) {
  const double seconds = seconds_of(left);
  const bool settled = recent_.size() >= kEnough || at_ - start_ >= kPatience;
  if (told_ || std::isnan(seconds) || !settled) return {};
  told_ = true;
  if (seconds < kWorthALine) return {};
  std::vector<std::string> lines{
      fmt::format("about {} left: {} steps of {}", duration_text(seconds), left, step_text(seconds_of(1)))};
  if (std::string advice = long_run_advice(options, seconds); !advice.empty())
    lines.push_back(std::move(advice));
  return lines;
}

std::string warm_up_warning(double epochs, std::int64_t per_epoch, std::int64_t total) {
  const auto steps = static_cast<std::int64_t>(std::ceil(epochs * static_cast<double>(per_epoch)));
  if (steps == 0 || steps < total) return "";
  return fmt::format(
      "all {} steps of the run are warm-up: --init-epochs {} is {} steps ({} a pass), in which g learns only "
      "to "
      "keep the content; give fewer passes (0.5 is half of one) or more steps",
      total, epochs, steps, per_epoch);
}

std::int64_t total_steps(const TrainOptions& o, std::int64_t per_epoch) {
  if (o.steps > 0) return o.steps;
  return std::llround((o.epochs + o.epochs_decay) * static_cast<double>(per_epoch));
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto s = static_cast<std::int64_t>(std::min(seconds + 0.5, 1e15));
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m {:02}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h {:02}m", s / 3600, s / 60 % 60);
  return fmt::format("{}d {:02}h", s / 86400, s / 3600 % 24);
}

std::string step_text(double seconds) {
  return fmt::format("{:.3g} s", seconds);
}

std::string long_run_advice(const TrainOptions& o, double seconds) {
  if (!(seconds > kDay)) return "";
  std::string smaller, fewer;
  for (const Option* option : option_table(o.model).rows()) {
    const std::string &name = option->name, value = option->text_in(o);
    const bool length = o.steps > 0 ? name == "steps" : name == "epochs" || name == "epochs-decay";
    const bool width = name == "size" || name == "crop-size" || name == "ngf" || name == "n-blocks";
    if (!(length || width) || (length && value == "0")) continue;
    std::string& list = length ? fewer : smaller;
    list += fmt::format("{} --{}", list.empty() ? "" : ",", name);
    if (value != "0") list += fmt::format(" (now {})", value);  // 0 blocks: as the network has them
  }
  return fmt::format("that is more than a day; shorter: smaller{}; fewer{}", smaller, fewer);
}

}  // namespace sumi
