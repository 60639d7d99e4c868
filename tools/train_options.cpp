#include "tools/train_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "models/options/option_json.h"
#include "models/settings.h"
#include "tools/cli/option_format.h"

namespace sumi::cli {
namespace {

constexpr int kMostValues = 64;  // of an option that takes many

void set(const CLI::App*, const std::string&, const std::string& text, std::string& member) {
  member = text;
}
void set(const CLI::App* app, const std::string& name, const std::string& text, bool& member) {
  if (text != "true" && text != "false")
    throw UsageError(command_name(app), fmt::format("{} takes true or false, not '{}'", name, text));
  member = text == "true";
}
void set(const CLI::App* app, const std::string& name, const std::string& text, double& member) {
  member = parse_number(app, name, text);
}
void set(const CLI::App* app, const std::string& name, const std::string& text, std::uint64_t& member) {
  member = parse_seed(app, name, text);
}
void set(const CLI::App* app, const std::string& name, const std::string& text, std::int64_t& member) {
  member = parse_whole(app, name, text);
}
void set(const CLI::App* app, const std::string& name, const std::string& text, int& member) {
  const std::int64_t value = parse_whole(app, name, text);
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
    throw UsageError(command_name(app), fmt::format("{} {} is too large a number", name, text));
  member = static_cast<int>(value);
}
void set(const CLI::App* app, const std::string& name, const std::string& text, ImageSize& member) {
  if (text.find('x') == std::string::npos) {
    int side = 0;
    set(app, name, text, side);
    member = side;
  } else if (!parse_image_size(text, member)) {
    throw UsageError(command_name(app),
                     fmt::format("{} takes a side or width x height, such as 64x48, with sides from 1 to "
                                 "4096, not '{}'",
                                 name, text.substr(0, 60)));
  }
}

// "--outdir,-o,--outf": every spelling of an option except those in `taken`, to which they are
// added: on the page for all models two options may share an alias.
std::string spellings(const Option& option, std::set<std::string>& taken) {
  std::string names = "--" + option.name;
  for (const std::string& alias : option.aliases)
    if (taken.insert(alias).second) names += "," + alias;
  return both_spellings(names);
}

// "--flip", "--no-flip".
std::string negative(const std::string& name) {
  return "--" + (name.starts_with("no-") ? name.substr(3) : "no-" + name);
}

// "--flip,!--no-flip": an option enabled by a config file can be disabled again.
std::string flag_spellings(const Option& option, std::set<std::string>& taken) {
  std::string names = spellings(option, taken) + ",!" + negative(option.name);
  for (const std::string& alias : option.aliases)
    if (alias.starts_with("--")) names += ",!" + negative(alias.substr(2));
  return names;
}

CLI::Option* add_flag(CLI::App& app, const Option& option, bool is_on, std::set<std::string>& taken) {
  CLI::Option* flag = app.add_flag(flag_spellings(option, taken), option.summary);
  if (is_on) flag->default_str("on; " + negative(option.name) + ": off");
  return flag;
}

CLI::Option* add_value(CLI::App& app, const Option& option, const std::string& standard,
                       std::set<std::string>& taken) {
  // apply() reads the text; this only catches a missing value.
  const std::string name = "--" + option.name;
  return app
      .add_option_function<std::string>(
          spellings(option, taken),
          [&app, name](const std::string& text) {
            if (text.rfind("--", 0) == 0)
              throw UsageError(command_name(&app),
                               fmt::format("{} needs a value, but '{}' follows", name, text));
          },
          option.summary)
      ->type_name(option.value)
      ->default_str(standard);
}

}  // namespace

void OptionSet::add(CLI::App& app, const OptionTable& table, const TrainOptions& defaults,
                    const std::function<Visibility(const Option&)>& visibility) {
  app_ = &app;
  table_ = &table;
  std::set<std::string> taken;
  for (const Option* option : table.rows()) taken.insert("--" + option->name);
  for (const Option* option : table.rows()) {
    const Visibility wish = visibility(*option);
    if (wish == Visibility::absent) continue;
    CLI::Option* added = option->visit(defaults, [&](const auto& member) {
      if constexpr (std::is_same_v<std::decay_t<decltype(member)>, bool>)
        return add_flag(app, *option, member, taken);
      else
        return add_value(app, *option, text_of(member), taken);
    });
    const std::string why = defaults.model.empty() ? "" : option->unused_reason(defaults);
    const std::string standard = added->get_default_str();
    if (!why.empty()) added->default_str(standard + (standard.empty() ? "" : "; ") + why);
    if (option->takes_many)
      added->expected(1, kMostValues)->take_all();
    else
      added->take_last();
    added->group(wish == Visibility::hidden ? kHidden : option->heading);
    options_[option->name] = added;
  }
}

void OptionSet::apply(TrainOptions& options, bool resumable) const {
  for (const Option* option : table_->rows()) {
    if (!given(option->name) || (resumable && !option->is_resumable)) continue;
    option->visit(options, [&](auto& member) {
      const std::vector<std::string> values = options_.at(option->name)->results();
      set(app_, "--" + option->name,
          option->takes_many ? fmt::format("{}", fmt::join(values, ",")) : values.back(), member);
      if constexpr (std::is_same_v<std::decay_t<decltype(member)>, std::string>) update_word(*option, member);
    });
  }
  for (const Option* option : table_->rows())
    if (option->implied && given(option->name))
      option->implied(options, [&](const std::string& name) { return given(name); });
  if (!given("epochs") && !given("epochs-decay")) return;
  if (!given("steps")) options.steps = 0;
  if (options.steps > 0 && options.lr_policy == "constant")
    throw UsageError(command_name(app_),
                     "--steps and --epochs both set the length of the run; give one (with another "
                     "--lr-policy, --steps sets the length and --epochs the course of the learning rate)");
}

void OptionSet::check_values_given() const {
  TrainOptions scratch = default_options("dcgan");
  apply(scratch);
  try {
    for (const Option* option : table_->rows())
      if (given(option->name)) check_value(*option, scratch);
  } catch (const Error& error) {
    throw UsageError(command_name(app_), error.what());
  }
}

void OptionSet::check(const TrainOptions& options, bool from_file) const {
  validate(options);
  check_used(option_table(options.model), options,
             [&](const std::string& name) { return given(name) || (from_file && differs(options, name)); });
}

}  // namespace sumi::cli
