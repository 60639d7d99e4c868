// Help pages.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tools/cli/cli.h"

namespace sumi::cli {
namespace {

constexpr int kLeft = 28;  // columns of the names

struct Row {
  std::string left, right;
};

std::string first_long(const CLI::Option* option) {
  return option->get_lnames().empty() ? "" : "--" + option->get_lnames().front();
}

Row option_row(const CLI::Option* option) {
  std::string left;
  if (option->get_positional()) {
    left = option->get_name();
  } else {
    left = option->get_snames().empty() ? "    " : "-" + option->get_snames().front() + ", ";
    left += first_long(option);
    if (option->get_items_expected_max() > 0) left += " " + option->get_type_name();
  }
  std::string right = option->get_description();
  if (!option->get_default_str().empty()) right += " [" + option->get_default_str() + "]";
  return {left, right};
}

std::string lines_of(const std::string& heading, const std::vector<Row>& rows, int width) {
  if (rows.empty()) return "";
  std::string text = "\n" + heading + ":\n";
  for (const Row& row : rows) {
    const bool fits = row.left.size() + 4 <= kLeft;
    text += "  " +
            (fits ? fmt::format("{:<{}}", row.left, kLeft - 2) : row.left + "\n" + std::string(kLeft, ' '));
    text += wrap(row.right, width, kLeft) + "\n";
  }
  return text;
}

class HelpPage final : public CLI::FormatterBase {
 public:
  HelpPage(std::string usage, std::string examples, std::string after)
      : usage_(std::move(usage)), examples_(std::move(examples)), after_(std::move(after)) {}

  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    const int width = std::min(terminal_width(100), 110);
    std::string text = wrap(app->get_description(), width, 0) + "\n\nUsage:";
    for (std::size_t at = 0; at < usage_.size();) {
      const std::size_t end = std::min(usage_.find('\n', at), usage_.size());
      text += (at == 0 ? " sumi " : "       sumi ") + usage_.substr(at, end - at) + "\n";
      at = end + 1;
    }
    if (!examples_.empty()) text += "\nExamples:\n" + examples_;
    text += commands(app, width);
    for (const std::string& group : app->get_groups())
      if (group != kHidden && group != "Help") text += options(app, group, width);
    text += options(app, "Help", width);
    if (!after_.empty()) text += "\n" + wrap(after_, width, 0) + "\n";
    return text;
  }

 private:
  static std::string options(const CLI::App* app, const std::string& group, int width) {
    std::vector<Row> rows;
    for (const CLI::Option* option : app->get_options())
      if (option->get_group() == group) rows.push_back(option_row(option));
    return lines_of(group, rows, width);
  }

  static std::string commands(const CLI::App* app, int width) {
    std::vector<Row> rows;
    for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; })) {
      const std::string text = sub->get_description();
      rows.push_back({sub->get_name(), text.substr(0, text.size() - 1)});  // without the final period
    }
    return lines_of(app->get_parent() ? "Models" : "Commands", rows, width);
  }

  std::string usage_, examples_, after_;
};

}  // namespace

void set_help(CLI::App& app, const std::string& usage, const std::string& examples,
              const std::string& after) {
  app.set_help_flag("-h,--help", "show this page")->group("Help");
  app.formatter(std::make_shared<HelpPage>(usage, examples, after));
}

}  // namespace sumi::cli
