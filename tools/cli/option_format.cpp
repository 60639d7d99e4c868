#include "tools/cli/option_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/error.h"
#include "models/registry.h"
#include "models/settings.h"
#include "tools/cli/text.h"

namespace sumi::cli {
namespace {

constexpr char kGlue = '\x1f';  // a space at which a line is not broken

}  // namespace

std::string text_of(const std::string& value) {
  return printable(value);  // it may come from an untrusted checkpoint
}
std::string text_of(const ImageSize& value) {
  return value.str();
}
std::string text_of(bool value) {
  return value ? "on" : "";
}
std::string text_of(double value) {
  return fmt::format("{}", value);
}

std::vector<OptionText> option_texts(const TrainOptions& options, const TrainOptions& defaults) {
  const auto words = [](const auto& member) { return text_of(member); };
  std::vector<OptionText> texts;
  for (const Option* option : option_table(options.model).rows()) {
    const std::string value = option->visit(options, words), standard = option->visit(defaults, words);
    const bool is_unused = !option->unused_reason(options).empty();
    texts.push_back({option->heading, option->name, value, standard, value != standard, is_unused});
  }
  return texts;
}

bool differs(const TrainOptions& options, const std::string& option) {
  const std::vector<OptionText> texts = option_texts(options, default_options(options.model));
  return std::any_of(texts.begin(), texts.end(),
                     [&](const OptionText& text) { return text.name == option && text.changed; });
}

std::string absent_text(const std::string& model, const std::string& word) {
  const auto& specs = model_specs();
  const bool known =
      std::any_of(specs.begin(), specs.end(), [&](const ModelSpec* spec) { return spec->name == model; });
  const Option* option = known && word.starts_with("--") ? all_options().find(word) : nullptr;
  if (!option || option_table(model).has(option->name)) return "";
  return fmt::format("{} does not have --{}: {}", model, option->name, unsupported_reason(*option, model));
}

std::string describe_options(const TrainOptions& options, bool only_changed) {
  const int width = std::min(terminal_width(100), 110), indent = 10;
  std::string text, group, line;
  const auto finish = [&]() {
    if (line.empty()) return;
    line.resize(line.size() - 2);  // the last ", "
    std::string paragraph = wrap(line, width, indent);
    std::replace(paragraph.begin(), paragraph.end(), kGlue, ' ');
    text += fmt::format("{:<{}}{}\n", group, indent, paragraph);
    line.clear();
  };
  for (const OptionText& o : option_texts(options, default_options(options.model))) {
    if (o.group != group) finish();
    group = o.group;
    // Options that are off by default and still off are omitted, except a seed of 0.
    const bool off = o.value.empty() || (o.value == "0" && o.name != "seed");
    if (o.is_unused || (!o.changed && (only_changed || off))) continue;
    line += o.name + kGlue + (o.value.empty() ? "off" : o.value);
    if (o.changed && !o.standard.empty()) line += fmt::format("{0}(default{0}{1})", kGlue, o.standard);
    line += ", ";
  }
  finish();
  return text;
}

}  // namespace sumi::cli
