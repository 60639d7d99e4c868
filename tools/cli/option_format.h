// Training options (models/options/option_table.h) as text for people.
#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "models/options/options.h"

namespace sumi::cli {

// An option's value in words: "" for off.
std::string text_of(const std::string& value);
std::string text_of(bool value);
std::string text_of(double value);
std::string text_of(std::integral auto value) {
  return std::to_string(value);
}

// One option with its value in words.
struct OptionText {
  std::string group, name, value, standard;  // standard: of the model's recipe
  bool changed;
  bool is_unused;  // has no effect beside the others
};
std::vector<OptionText> option_texts(const TrainOptions& options, const TrainOptions& defaults);

// Whether the option is not what the model's recipe says.
bool differs(const TrainOptions& options, const std::string& option);

// "vae does not have --r1: it does not have a discriminator", for a word of the command line that is another model's option; "" for
// others.
std::string absent_text(const std::string& model, const std::string& word);

// "size 32 (default 64), channels 3, ...": a paragraph for each group, wrapped. What is off by default and
// still off is left out, and what has no effect beside the others; only_changed leaves out everything that is as the recipe says.
std::string describe_options(const TrainOptions& options, bool only_changed);

}  // namespace sumi::cli
