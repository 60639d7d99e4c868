#include "models/options/option_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "engine/error.h"

namespace sumi {
namespace {

constexpr std::size_t kLongest = 60;  // characters of a value in a message
constexpr const char* kSizeRule = "out of range; use sides from 1 to 4096";

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    parts.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool is_among(const std::string& word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "--r1_interval" -> "r1-interval".
std::string bare(std::string spelling) {
  spelling.erase(0, std::min(spelling.find_first_not_of('-'), spelling.size()));
  std::replace(spelling.begin(), spelling.end(), '_', '-');
  return spelling;
}

bool is_utf8(const std::string& text) {
  try {
    nlohmann::json(text).dump();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

std::string range_problem(const Option& option, double value) {
  if (option.lowest > option.highest || (value >= option.lowest && value <= option.highest)) return "";
  return fmt::format("out of range; use a number from {} to {}", option.lowest, option.highest);
}

std::string size_problem(const ImageSize& size) {
  ImageSize parsed;
  return parse_image_size(size.str(), parsed) ? "" : kSizeRule;
}

std::string word_problem(const Option& option, const std::string& text) {
  if (option.words.empty()) return "";
  for (const std::string& word : option.is_list ? split(text) : std::vector{text})
    if (!is_among(word, option.words))
      return fmt::format("unknown; use {}: {}", option.is_list ? "a list of" : "one of",
                         fmt::join(option.words, ", "));
  return "";
}

// Returns what is wrong with the value by itself, or "".
std::string value_problem(const Option& option, const TrainOptions& options) {
  const std::string problem = option.visit(options, [&](const auto& value) -> std::string {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::string>)
      return is_utf8(value) ? "" : "not valid UTF-8; rename the folder or file";
    else if constexpr (std::is_same_v<T, ImageSize>)
      return size_problem(value);
    else if constexpr (!std::is_same_v<T, bool>)
      return range_problem(option, static_cast<double>(value));
    else
      return "";
  });
  return problem.empty() ? word_problem(option, option.text_in(options)) : problem;
}

[[noreturn]] void refuse(const Option& option, const TrainOptions& options, const std::string& problem) {
  std::string text = option.text_in(options);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  fail("--" + option.name, fmt::format("value {}: {}", text.empty() ? "''" : text, problem));
}

}  // namespace

Option& Option::help(const char* text) {
  summary = text;
  return *this;
}
Option& Option::placeholder(const char* text) {
  value = text;
  return *this;
}
Option& Option::alias(const char* spellings) {
  for (std::string& spelling : split(spellings)) aliases.push_back(std::move(spelling));
  return *this;
}
Option& Option::range(double low, double high) {
  lowest = low;
  highest = high;
  return *this;
}
Option& Option::choices(std::vector<std::string> list) {
  words = std::move(list);
  return *this;
}
Option& Option::list_of(std::vector<std::string> list) {
  is_list = true;
  return choices(std::move(list));
}
Option& Option::old_word(const char* former, const char* now) {
  old_words.emplace_back(former, now);
  return *this;
}
Option& Option::only_with(const char* options, Condition used) {
  dependencies.push_back({used, std::string("only with ") + options});
  return *this;
}
Option& Option::not_with(const char* options, Condition used) {
  dependencies.push_back({used, std::string("not with ") + options});
  return *this;
}
Option& Option::unless_unused() {
  may_be_unused = true;
  return *this;
}
Option& Option::check(Check problem) {
  checks.push_back(problem);
  return *this;
}
Option& Option::implies(Implication set) {
  implied = set;
  return *this;
}
Option& Option::many() {
  takes_many = true;
  return *this;
}
Option& Option::path() {
  is_path = true;
  return *this;
}
Option& Option::on_resume() {
  is_resumable = true;
  return *this;
}

std::string Option::text_in(const TrainOptions& options) const {
  return visit(options, [](const auto& value) -> std::string {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, ImageSize>)
      return value.str();
    else
      return fmt::format("{}", value);
  });
}

std::string Option::unused_reason(const TrainOptions& options) const {
  for (const Dependency& dependency : dependencies)
    if (!dependency.used(options)) return dependency.text;
  return "";
}

Option& OptionTable::add_row(const char* name) {
  if (has(name)) throw std::logic_error(fmt::format("option --{} is declared twice", name));
  Option& option = rows_.emplace_back();
  option.name = name;
  option.heading = heading_;
  option.absent = absent_;
  return option;
}

Option& OptionTable::at(const std::string& name) {
  for (Option& option : rows_)
    if (option.name == name) return option;
  throw std::logic_error(fmt::format("option --{} is not declared before it is extended", name));
}

std::vector<const Option*> OptionTable::rows() const {
  static const std::vector<std::string> order{"Data",      "Networks", "Training",
                                              "Stability", "Output",   "Machine"};
  std::vector<const Option*> rows;
  for (const Option& option : rows_) rows.push_back(&option);
  const auto place = [&](const Option* option) {
    return std::find(order.begin(), order.end(), option->heading) - order.begin();
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Option* a, const Option* b) { return place(a) < place(b); });
  return rows;
}

const Option* OptionTable::find(const std::string& spelling) const {
  const std::string name = bare(spelling);
  for (const Option& option : rows_)
    if (option.name == name) return &option;
  for (const Option& option : rows_)
    for (const std::string& alias : option.aliases)
      if (bare(alias) == name) return &option;
  return nullptr;
}

void OptionTable::add_missing(const OptionTable& other) {
  for (const Option& option : other.rows_) {
    const bool known =
        std::any_of(rows_.begin(), rows_.end(), [&](const Option& have) { return have.name == option.name; });
    if (!known) rows_.push_back(option);
  }
}

void check_value(const Option& option, const TrainOptions& options) {
  if (const std::string problem = value_problem(option, options); !problem.empty())
    refuse(option, options, problem);
}

void check_values(const OptionTable& table, const TrainOptions& options) {
  const std::vector<const Option*> rows = table.rows();
  for (const Option* option : rows) check_value(*option, options);
  for (const Option* option : rows)
    for (const Option::Check check : option->checks)
      if (const std::string problem = check(options); !problem.empty()) refuse(*option, options, problem);
}

void check_used(const OptionTable& table, const TrainOptions& options,
                const std::function<bool(const std::string& name)>& given) {
  for (const Option* option : table.rows()) {
    const std::string reason = option->unused_reason(options);
    if (!reason.empty() && !option->may_be_unused && given(option->name))
      fail("--" + option->name, fmt::format("has no effect here ({}); leave it out", reason));
  }
}

}  // namespace sumi
