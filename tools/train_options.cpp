#include "tools/train_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <string_view>
#include <type_traits>

#include "models/options/option_rules.h"
#include "tools/cli/option_format.h"
#include "tools/cli/peer_flags.h"

namespace sumi::cli {
namespace {

constexpr int kMostValues = 64;  // of an option that is a list

void set(const CLI::App*, const std::string&, const std::string& text, std::string& member) {
  member = text;
}
void set(const CLI::App* app, const std::string& name, const std::string& text, bool& member) {
  if (text != "true" && text != "false")
    throw UsageError(command_name(app), fmt::format("{} wants true or false, not '{}'", name, text));
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

// Whether the option may be given several values, which are joined by commas.
bool is_list(const OptionInfo& info) {
  return std::string_view(info.value).ends_with("...");
}

// "-o,--outdir,--outf,--image_size": every spelling of one option. On the page of no model in particular a list's short
// spelling is left out: --style is one folder for other models.
std::string spellings(const OptionInfo& info, bool of_model) {
  const std::string name = std::string("--") + info.name;
  const std::string aliases = is_list(info) && !of_model ? "" : info.aliases;
  return both_spellings(aliases.empty() ? name : name + "," + aliases) + peer_spellings(info.name);
}

// "--flip", "--no-check".
std::string negative(const OptionInfo& info) {
  const std::string name = info.name;
  return "--" + (name.rfind("no-", 0) == 0 ? name.substr(3) : "no-" + name);
}

// "--no-flip,!--flip" and "--check,!--no-check": what a config file switched on can be switched off again.
std::string flag_spellings(const OptionInfo& info) {
  return spellings(info, true) + ",!" + negative(info);
}

}  // namespace

void OptionSet::add(CLI::App& app, const TrainOptions& defaults,
                    const std::function<Show(const OptionInfo&)>& show) {
  app_ = &app;
  visit_options(defaults, [&](const OptionInfo& info, const auto& member) {
    const Show wish = show(info);
    if (wish == Show::no) return;
    using Member = std::remove_cvref_t<decltype(member)>;
    CLI::Option* option;
    const std::string help = help_of(info, defaults.model);
    if constexpr (std::is_same_v<Member, bool>) {
      option = app.add_flag(flag_spellings(info), help);
      if (member) option->default_str("on; " + negative(info) + ": off");
    } else {
      // The text is fetched by apply(); here only a forgotten value is caught.
      const std::string name = std::string("--") + info.name;
      option = app.add_option_function<std::string>(
          spellings(info, !defaults.model.empty()),
          [&app, name](const std::string& text) {
            if (text.rfind("--", 0) == 0)
              throw UsageError(command_name(&app),
                               fmt::format("{} wants a value, but '{}' follows", name, text));
          },
          help);
      option->type_name(info.value)->default_str(text_of(member));
    }
    // A page for no model in particular has the defaults of none.
    const std::string why = defaults.model.empty() ? "" : unused_reason(defaults, info);
    if (!why.empty())
      option->default_str(option->get_default_str() + (option->get_default_str().empty() ? "" : "; ") +
                          "without effect by default: " + why);
    if (is_list(info))
      option->expected(1, kMostValues)->take_all();
    else
      option->take_last();
    option->group(wish == Show::hidden ? kHidden : info.group);
    options_[info.name] = option;
  });
}

void OptionSet::apply(TrainOptions& options, bool resumable) const {
  visit_options(options, [&](const OptionInfo& info, auto& member) {
    const auto found = options_.find(info.name);
    if (found == options_.end() || found->second->count() == 0 || (resumable && !info.on_resume)) return;
    const std::vector<std::string> values = found->second->results();
    set(app_, std::string("--") + info.name,
        is_list(info) ? fmt::format("{}", fmt::join(values, ",")) : values.back(), member);
  });
  if (!given("epochs") && !given("epochs-decay")) return;
  if (!given("steps")) options.steps = 0;
  if (options.steps > 0 && options.lr_policy == "constant")
    throw UsageError(
        command_name(app_),
        "--steps and --epochs both say how long the run is; give one (with another --lr-policy, --steps is "
        "the length and --epochs shapes the rate)");
}

void OptionSet::check(const TrainOptions& options, bool from_file) const {
  validate(options);
  check_idle(options,
             [&](const std::string& name) { return given(name) || (from_file && differs(options, name)); });
}

}  // namespace sumi::cli
