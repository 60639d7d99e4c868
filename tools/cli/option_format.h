// Training options (models/options/option_table.h) as text for users.
#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "models/options/options.h"

namespace sumi::cli {

// An option's value as text: "" for off.
std::string text_of(const std::string& value);
std::string text_of(bool value);
std::string text_of(double value);
std::string text_of(std::integral auto value) {
  return std::to_string(value);
}

std::string text_of(const ImageSize& value);

// One option with its value as text.
struct OptionText {
  std::string group, name, value, standard;  // standard: the model's default
  bool changed;
  bool is_unused;  // has no effect given the others
};
std::vector<OptionText> option_texts(const TrainOptions& options, const TrainOptions& defaults);

// Returns true if the option differs from the model's default.
bool differs(const TrainOptions& options, const std::string& option);

// "vae does not have --r1: it does not have a discriminator", for a word of the command line that
// is an option of another model; "" otherwise.
std::string absent_text(const std::string& model, const std::string& word);

// "size 32 (default 64), channels 3, ...": one wrapped paragraph for each group. Omits options that
// are off by default and still off, and those without effect; only_changed omits all defaults.
std::string describe_options(const TrainOptions& options, bool only_changed);

}  // namespace sumi::cli
