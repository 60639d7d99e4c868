#include "tools/cli/option_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/error.h"
#include "models/options/option_rules.h"
#include "models/registry.h"
#include "tools/cli/cli.h"

namespace sumi::cli {
namespace {

constexpr char kGlue = '\x1f';  // a blank where no line may end

}  // namespace

std::string text_of(const std::string& value) {
  return printable(value);  // it may stand in a stranger's checkpoint
}
std::string text_of(bool value) {
  return value ? "on" : "";
}
std::string text_of(double value) {
  return fmt::format("{}", value);
}

std::vector<OptionText> option_texts(const TrainOptions& options, const TrainOptions& defaults) {
  std::vector<OptionText> texts;
  visit_options(options, [&](const OptionInfo& info, const auto& member) {
    if (applies(info, options.model))
      texts.push_back(
          {info.group, info.name, text_of(member), "", false, !unused_reason(options, info).empty()});
  });
  std::size_t at = 0;
  visit_options(defaults, [&](const OptionInfo& info, const auto& member) {
    if (!applies(info, options.model)) return;
    texts[at].standard = text_of(member);
    texts[at].changed = texts[at].value != texts[at].standard;
    ++at;
  });
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
  std::string name = word, text;
  std::replace(name.begin(), name.end(), '_', '-');
  if (!known) return "";
  const TrainOptions any;
  visit_options(any, [&](const OptionInfo& info, const auto&) {
    if (name == std::string("--") + info.name && !applies(info, model))
      text = fmt::format("{} has no {}: {}", model, name, unsupported_reason(info, model));
  });
  return text;
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
    // What is off as the recipe has it off is not worth a word; a seed of 0 is a seed.
    const bool off = o.value.empty() || (o.value == "0" && o.name != "seed");
    if (o.idle || (!o.changed && (only_changed || off))) continue;
    line += o.name + kGlue + (o.value.empty() ? "off" : o.value);
    if (o.changed && !o.standard.empty()) line += fmt::format("{0}(default{0}{1})", kGlue, o.standard);
    line += ", ";
  }
  finish();
  return text;
}

}  // namespace sumi::cli
