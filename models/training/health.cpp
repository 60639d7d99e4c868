#include "models/training/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/judges/image_scores.h"

namespace sumi {
namespace {

// Thresholds. A healthy run must not meet them: tests/models/training/health_test.cpp.
constexpr std::int64_t kFewExamples = 50;
constexpr std::int64_t kSettled = 300;  // steps after which the means are meaningful
constexpr double kMemory = 1 - 1.0 / 200;
constexpr double kWinning = 0.998;        // accuracy of a discriminator that has won ...
constexpr double kWinningLoss = 0.02;     // ... and its loss
constexpr double kBlind = 0.002;          // distance of mean scores that tell nothing apart
constexpr double kNothing = 1e-6;         // the same for any loss
constexpr std::int64_t kFirstSteps = 50;  // steps until a mean accuracy counts
constexpr std::int64_t kLearned = 400;    // steps after which a discriminator has been better than ...
constexpr double kGuessed = 0.55;         // ... this accuracy
constexpr double kWrong = 0.4;            // accuracy of a discriminator that is fooled
constexpr double kGuessing = 0.05;        // share of the way from guessing to certainty
constexpr double kAlike = 1;              // mean difference of real images, in levels
constexpr double kGrowth = 50;            // of a loss over its early size ...
constexpr double kLarge = 100;            // ... and its size at least
constexpr double kHuge = 1000;            // of an adversarial loss, whatever it was
constexpr double kWide = 0.3;             // share of the data's diversity that samples had ...
constexpr double kCollapsed = 0.12;       // ... and have
constexpr double kSaturated = 0.99;       // share of samples' values that are 0 or 255
constexpr std::int64_t kStill = 100;      // steps without a change

std::optional<double> value_of(const StepStats& stats, const std::string& name) {
  for (const auto& [key, value] : stats)
    if (key == name) return value;
  return std::nullopt;
}

double share_saturated(const std::vector<Image8>& images) {
  std::size_t count = 0, all = 0;
  for (const Image8& image : images) {
    all += image.data.size();
    count += static_cast<std::size_t>(
        std::count_if(image.data.begin(), image.data.end(), [](auto v) { return v == 0 || v == 255; }));
  }
  return all == 0 ? 0 : static_cast<double>(count) / static_cast<double>(all);
}

}  // namespace

double diversity(const std::vector<Image8>& images) {
  const std::size_t n = std::min<std::size_t>(16, images.size());
  double sum = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = i + 1; k < n; ++k, ++pairs) sum += mean_difference(images[i], images[k]);
  return pairs == 0 ? 0 : sum / pairs;
}

void HealthMonitor::Mean::add(double x) {
  value = value * kMemory + x;
  weight = weight * kMemory + 1;
}

void HealthMonitor::say(std::vector<std::string>& lines, const char* kind, const std::string& text) {
  if (said_.insert(kind).second) lines.push_back(text);
}

std::vector<std::string> HealthMonitor::begin() {
  std::vector<std::string> lines;
  if (examples_ < kFewExamples)
    say(lines, "few",
        fmt::format("the data has only {} image{}, and the networks will memorize {}. Add images{}",
                    examples_, examples_ == 1 ? "" : "s", examples_ == 1 ? "it" : "them",
                    augments_ ? ", or at least use --diffaugment color,translation,cutout" : ""));
  return lines;
}

void HealthMonitor::check_discriminator(std::vector<std::string>& lines, std::int64_t step,
                                        const StepStats& stats) {
  const auto accuracy = value_of(stats, "d_accuracy"), loss = value_of(stats, "loss_d");
  const auto real = value_of(stats, "d_real"), fake = value_of(stats, "d_fake");
  if (!accuracy || !loss || !real || !fake) return;
  accuracy_.add(*accuracy);
  loss_d_.add(*loss);
  loss_d_square_.add(*loss * *loss);
  gap_.add(std::abs(*real - *fake));
  lead_.add(*real - *fake);
  lead_square_.add((*real - *fake) * (*real - *fake));
  if (steps_seen_ > kFirstSteps) best_accuracy_ = std::max(best_accuracy_, accuracy_.get());
  if (steps_seen_ < kSettled) return;
  if (accuracy_.get() > kWinning && std::abs(loss_d_.get()) < kWinningLoss)
    say(lines, "winning",
        fmt::format("step {}: the discriminator is winning. It classifies {:.1f} % of the images correctly, "
                    "with a loss of {:.2g}, and the generator learns little from it. Lower its learning rate "
                    "(--lr-d), or add --spectral-norm, --r1 or --instance-noise",
                    step, 100 * accuracy_.get(), loss_d_.get()));
  check_blindness(lines, step);
}

// A discriminator that has never been better than guessing, or that is wrong most of the time. One
// at balance, whose accuracy is near one half too, has led before.
void HealthMonitor::check_blindness(std::vector<std::string>& lines, std::int64_t step) {
  const auto deviation = [](const Mean& mean, const Mean& square) {
    return std::sqrt(std::max(0.0, square.get() - mean.get() * mean.get()));
  };
  const double spread = deviation(loss_d_, loss_d_square_);
  const bool stands = gap_.get() < kBlind && spread < 1e-3 * std::max(1e-6, std::abs(loss_d_.get()));
  const double error = deviation(lead_, lead_square_) / std::sqrt(std::max(1.0, lead_.weight));
  const bool guesses =
      steps_seen_ >= kLearned && best_accuracy_ < kGuessed && std::abs(lead_.get()) < 3 * error;
  if (stands || guesses || gap_.get() < kNothing)
    say(lines, "blind",
        fmt::format("step {}: the discriminator does not separate real images from generated ones, and its "
                    "loss stays near {:.3g}. Raise its learning rate (--lr-d), lower --instance-noise, and "
                    "check the data (samples, --dump-batches)",
                    step, loss_d_.get()));
  else if (steps_seen_ >= kLearned && accuracy_.get() < kWrong)
    say(lines, "blind",
        fmt::format("step {}: the discriminator does not separate real images from generated ones: it "
                    "classifies only {:.0f} % correctly. Raise its learning rate (--lr-d), or lower the "
                    "generator's (--lr-g)",
                    step, 100 * accuracy_.get()));
}

std::vector<std::string> HealthMonitor::set_real(const std::vector<Image8>& images) {
  std::vector<std::string> lines;
  real_diversity_ = diversity(images);
  if (images.size() > 1 && *real_diversity_ < kAlike)
    say(lines, "alike",
        fmt::format("the images of the data look alike: those of a batch differ by {:.2g} of 255 levels. "
                    "Check the folder: it may hold copies of one image, or empty ones",
                    *real_diversity_));
  return lines;
}

void HealthMonitor::check_guessing(std::vector<std::string>& lines, std::int64_t step,
                                   const StepStats& stats) {
  const auto accuracy = value_of(stats, "accuracy");
  if (!accuracy || !chance_) return;
  guesses_.add(*accuracy);
  // Among many classes a classifier that learns is right rarely for long: twice as often as by
  // guessing is enough.
  const double least = *chance_ + std::min(kGuessing * (1 - *chance_), *chance_);
  if (steps_seen_ >= kSettled && guesses_.get() < least)
    say(lines, "guessing",
        fmt::format("step {}: the classifier is no better than guessing. Its accuracy is {:.0f} %, and "
                    "guessing gives {:.0f} %. Check the labels (the folders, --labels, --dump-batches), and "
                    "the learning rate (--lr)",
                    step, 100 * guesses_.get(), 100 * *chance_));
}

void HealthMonitor::check_growth(std::vector<std::string>& lines, std::int64_t step, const StepStats& stats) {
  std::size_t at = 0;
  for (const auto& [name, value] : stats) {
    if (!name.starts_with("loss")) continue;
    if (at == sizes_.size()) sizes_.emplace_back(name, Mean());
    Mean& size = sizes_[at].second;
    size.add(std::abs(value));
    if (steps_seen_ == 100) first_sizes_.push_back(size.get());
    const bool is_adversarial = value_of(stats, "d_real").has_value();
    if (steps_seen_ > 100 && at < first_sizes_.size() && size.get() > kLarge &&
        (size.get() > kGrowth * first_sizes_[at] || (is_adversarial && size.get() > kHuge)))
      say(lines, "growth",
          fmt::format("step {}: {} is {:.3g}, after {:.3g} at step 100: the run is diverging. Lower --lr, "
                      "add --clip-grad-norm 1, or constrain the discriminator with --spectral-norm or --r1",
                      step, name, size.get(), first_sizes_[at]));
    ++at;
  }
}

std::vector<std::string> HealthMonitor::step(std::int64_t step, const StepStats& stats) {
  std::vector<std::string> lines;
  ++steps_seen_;
  check_discriminator(lines, step, stats);
  check_guessing(lines, step, stats);
  check_growth(lines, step, stats);
  return lines;
}

void HealthMonitor::check_collapse(std::vector<std::string>& lines, std::int64_t step, double now) {
  if (!real_diversity_ || *real_diversity_ <= 0) return;
  if (now > best_diversity_) best_diversity_ = now, best_step_ = step;
  const double share = now / *real_diversity_;
  const bool fell = best_diversity_ > kWide * *real_diversity_ && share < kCollapsed;
  const bool never_rose = steps_seen_ >= 1000 && best_diversity_ < 0.05 * *real_diversity_;
  if (fell)
    say(lines, "collapse",
        fmt::format("step {}: the samples look alike. They differ {:.0f} % as much as real images do; at "
                    "step {} it was {:.0f} %. The generator has collapsed: resume from an earlier checkpoint "
                    "(--resume RUN/checkpoints/STEP.safetensors) with a lower --lr, or start a run with "
                    "--minibatch-discrimination or --mode-seeking 1",
                    step, 100 * share, best_step_, 100 * best_diversity_ / *real_diversity_));
  else if (never_rose)
    say(lines, "collapse",
        fmt::format(
            "step {}: all samples look alike. They differ {:.0f} % as much as real images do. The generator "
            "ignores its noise: lower --lr, or add --minibatch-discrimination or --mode-seeking 1",
            step, 100 * share));
}

std::vector<std::string> HealthMonitor::sheet(std::int64_t step, const std::vector<Image8>& images) {
  std::vector<std::string> lines;
  if (images.empty()) return lines;
  check_collapse(lines, step, diversity(images));
  if (steps_seen_ >= kStill && share_saturated(images) > kSaturated &&
      (!real_diversity_ || *real_diversity_ < 100))
    say(lines, "saturated",
        fmt::format("step {}: nearly all values of the samples are black or white: the generator's output is "
                    "saturated. Lower --lr-g, or start a new run with a smaller --init-gain",
                    step));
  double change = 0;
  if (last_sheet_.size() == images.size())
    for (std::size_t i = 0; i < images.size(); ++i)
      change = std::max(change, mean_difference(images[i], last_sheet_[i]));
  if (!last_sheet_.empty() && change == 0) {
    if (still_since_ < 0) still_since_ = last_sheet_step_;
    if (step - still_since_ >= kStill)
      say(lines, "still",
          fmt::format("step {}: the samples have not changed since step {}: the generator does not learn. "
                      "Check that its learning rate (--lr, --lr-g) is above 0; if its output is saturated, "
                      "start a new run with a smaller --init-gain",
                      step, still_since_));
  } else {
    still_since_ = -1;
  }
  last_sheet_ = images;
  last_sheet_step_ = step;
  return lines;
}

}  // namespace sumi
