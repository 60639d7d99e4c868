#include "tools/cli/cli.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "models/registry.h"
#include "models/settings.h"
#include "tools/cli/option_format.h"
#include "tools/cli/peer_flags.h"

namespace sumi::cli {
namespace {

// Number of edits (insert, delete, replace, swap of neighbors) between `a` and `b`.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::vector<std::string> option_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options())
    if (!option->get_group().empty())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> command_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string best = nearest(word, candidates);
  return best.empty() ? "" : "; did you mean " + best + "?";
}

template <class T>
T parse(const CLI::App* app, const std::string& option, const std::string& text, const char* kind) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range)
    throw UsageError(command_name(app), fmt::format("{} {} is too large", option, text));
  if (error != std::errc() || stop != end)
    throw UsageError(command_name(app), fmt::format("{} takes {}, not '{}'", option, kind, text));
  return value;
}

}  // namespace

bool is_named(const ModelSpec& model, const std::vector<std::string>& words) {
  const auto is_among = [&](const char* name) {
    return std::find(words.begin(), words.end(), name) != words.end();
  };
  return words.empty() || is_among(model.name) ||
         std::any_of(model.former_names.begin(), model.former_names.end(),
                     [&](const FormerName& former) { return is_among(former.name); });
}

std::vector<std::string> with_present_names(std::vector<std::string> words) {
  for (const ModelSpec* spec : model_specs())
    for (const FormerName& former : spec->former_names) {
      const auto model = std::find(words.begin(), words.end(), former.name);
      if (model == words.end() || *former.option == 0) continue;
      const std::string option = std::string("--") + former.option;
      const auto joined = std::find(words.begin(), words.end(), option + "=" + former.value);
      const auto apart = std::find(words.begin(), words.end(), option);
      const bool is_apart = apart != words.end() && apart + 1 != words.end() && *(apart + 1) == former.value;
      if (joined == words.end() && !is_apart) continue;
      *model = spec->name;
      is_apart ? words.erase(apart, apart + 2) : words.erase(joined);
    }
  return words;
}

std::vector<Command> add_commands(CLI::App& parent, const std::vector<std::string>& words) {
  return {add_train(parent, words), add_generate(parent),    add_convert(parent),  add_animate(parent),
          add_comic(parent),        add_gate(parent),        add_inspect(parent),  add_export(parent),
          add_import(parent),       add_tune(parent, words), add_distance(parent), add_evaluate(parent),
          add_report(parent),       add_devices(parent),     add_models(parent)};
}

std::string command_name(const CLI::App* app) {
  return app->get_parent() ? command_name(app->get_parent()) + " " + app->get_name() : "sumi";
}

const CLI::App* innermost(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t edits = distance(word, candidate);
    if (edits < least) best = candidate, least = edits;
  }
  return best;
}

std::string explain_parse_error(const CLI::App& root, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return error.what();
  // The app with unparsed words: the innermost one.
  const CLI::App* app = &root;
  for (const CLI::App* sub = &root;; sub = sub->get_subcommands().front()) {
    if (!sub->remaining().empty()) app = sub;
    if (sub->get_subcommands().empty()) break;
  }
  const auto left = app->remaining();
  if (left.empty()) return error.what();
  std::string word = left.front();
  if (word.size() > 1 && word[0] == '-') {
    word = word.substr(0, word.find('='));
    const Option* option = all_options().find(word);
    const bool is_ours = option && (word == "--" + option->name);
    if (std::string text = peer_text(command_name(app), word); !text.empty() && !is_ours) return text;
    if (std::string text = absent_text(app->get_name(), word); !text.empty()) return text;
    return "unknown option " + word + did_you_mean(word, option_names(app));
  }
  const auto names = command_names(app);
  if (!names.empty() && app->get_parent())
    return fmt::format("unknown model '{}'; there are: {}", word, fmt::join(names, ", "));
  if (!names.empty()) return "unknown command '" + word + "'" + did_you_mean(word, names);
  return "unexpected argument '" + word + "'";
}

std::string both_spellings(const std::string& names) {
  std::string result = names;
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    std::string name = names.substr(at, end - at);
    at = end + 1;
    if (name.rfind("--", 0) != 0 || name.find('-', 2) == std::string::npos) continue;
    std::replace(name.begin() + 2, name.end(), '-', '_');
    result += "," + name;
  }
  return result;
}

CLI::Option* add_text(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& type_name, const std::string& help) {
  const CLI::App* owner = &app;
  const std::string shown = names.substr(names.rfind("--") == std::string::npos ? 0 : names.find("--"));
  const std::string name = shown.substr(0, shown.find(','));
  return app
      .add_option_function<std::string>(
          both_spellings(names),
          [&value, owner, name](const std::string& text) {
            // Without the check, a missing value would consume the next option.
            if (text.rfind("--", 0) == 0)
              throw UsageError(command_name(owner),
                               fmt::format("{} needs a value, but '{}' follows", name, text));
            value = text;
          },
          help)
      ->type_name(type_name)
      ->take_last();
}

CLI::Option* add_whole(CLI::App& app, const std::string& names, std::int64_t& value,
                       const std::string& type_name, const std::string& help) {
  const CLI::App* owner = &app;
  const std::string shown = names.substr(names.find("--")), name = shown.substr(0, shown.find(','));
  return app
      .add_option_function<std::string>(
          both_spellings(names),
          [&value, owner, name](const std::string& text) { value = parse_whole(owner, name, text); }, help)
      ->type_name(type_name)
      ->default_str(std::to_string(value))
      ->take_last();
}

std::int64_t parse_whole(const CLI::App* app, const std::string& option, const std::string& text) {
  return parse<std::int64_t>(app, option, text, "a whole number");
}
std::uint64_t parse_seed(const CLI::App* app, const std::string& option, const std::string& text) {
  return parse<std::uint64_t>(app, option, text, "a whole number of 0 or more");
}
double parse_number(const CLI::App* app, const std::string& option, const std::string& text) {
  return parse<double>(app, option, text, "a number");
}

double parse_number(const CLI::App* app, const std::string& option, const std::string& text, double low,
                    double high) {
  const double value = parse_number(app, option, text);
  if (!(value >= low && value <= high))
    throw UsageError(command_name(app), fmt::format("{} {} is out of range; give a number from {} to {}",
                                                    option, text, low, high));
  return value;
}

void check_range(const CLI::App* app, const std::string& option, std::int64_t value, std::int64_t low,
                 std::int64_t high) {
  if (value < low || value > high)
    throw UsageError(command_name(app), fmt::format("{} {} is out of range; give a number from {} to {}",
                                                    option, value, low, high));
}

void refuse_foreign_name(const CLI::App* app, const std::string& option, const std::string& path) {
  static constexpr std::array<const char*, 13> foreign{".pth",    ".pt",  ".ckpt", ".bin",   ".pkl",
                                                       ".pickle", ".h5",  ".hdf5", ".keras", ".onnx",
                                                       ".npz",    ".npy", ".gguf"};
  const std::filesystem::path file = path;
  const std::string extension = file.extension().string();
  if (std::find(foreign.begin(), foreign.end(), extension) == foreign.end()) return;
  std::filesystem::path better = file;
  better.replace_extension(".safetensors");
  throw UsageError(
      command_name(app),
      fmt::format("{} {}: the file has the safetensors format, which programs for {} cannot read; name it {}",
                  option, path, extension, better.string()));
}

CLI::Option* add_net_key(CLI::App& app, std::string& key) {
  return add_text(
      app, "--net-key", key, "KEY",
      "of a PyTorch file with several networks: the dictionary, or the prefix of the names, of the one "
      "to use (sumi inspect lists them; default: the only one that fits)");
}

void add_quiet(CLI::App& app, bool& quiet) {
  app.add_flag("-q,--quiet", quiet, "print only warnings and errors")->group("Output verbosity");
}

void require_text(const CLI::App* app, const std::string& option, const std::string& value,
                  const std::string& cure) {
  if (value.empty()) throw UsageError(command_name(app), option + " is missing: " + cure);
}

}  // namespace sumi::cli
