#include "models/training/class_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "models/registry.h"
#include "models/training/training_data.h"

namespace sumi {
namespace {

constexpr std::size_t kMaxClasses = 4096, kPlanned = 10;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

}  // namespace

void fail_no_classes() {
  fail("--class",
       "the model does not generate by class; leave it out, or train one on labeled images with "
       "--conditional");
}

int class_number(const TrainOptions& o, const std::string& text) {
  if (!wants_labels(o)) fail_no_classes();
  const std::vector<std::string> names = class_names(o).at(0);
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end())
    fail("--class",
         fmt::format("unknown '{}'; the model knows: {}", text.substr(0, 60), fmt::join(names, ", ")));
  return static_cast<int>(found - names.begin());
}

std::vector<std::vector<std::string>> class_names(const TrainOptions& o) {
  const std::size_t sets = dataset_specs(o).size();
  if (o.classes.empty()) {
    std::vector<std::string> numbers;
    for (std::size_t i = 0; i < kPlanned; ++i) numbers.push_back(std::to_string(i));
    return std::vector(sets, numbers);
  }
  std::vector<std::vector<std::string>> names;
  for (const std::string& set : split(o.classes, ';')) names.push_back(split(set, ','));
  for (const auto& set : names) {
    if (set.size() < 2 || set.size() > kMaxClasses)
      fail("--classes",
           fmt::format("names {} of a set's classes; give 2 to {} names with commas between them", set.size(),
                       kMaxClasses));
    if (std::find(set.begin(), set.end(), "") != set.end())
      fail("--classes", "a name is empty; remove a comma");
  }
  return names;
}

double chance_accuracy(const TrainOptions& options) {
  double sum = 0;
  const auto sets = class_names(options);
  for (const auto& names : sets) sum += 1 / static_cast<double>(names.size());
  return sum / static_cast<double>(sets.size());
}

void name_classes(TrainOptions& o) {
  if (!wants_labels(o)) return;
  std::vector<DatasetSpec> specs = dataset_specs(o);
  const bool given = !o.classes.empty();
  const auto names = class_names(o);
  if (given && names.size() != specs.size())
    fail("--classes", fmt::format("names the classes of {} sets, but there are {}; put ; between sets",
                                  names.size(), specs.size()));
  std::vector<std::string> all;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (given) specs[i].classes = names[i];
    all.push_back(fmt::format("{}", fmt::join(find_classes(specs[i]), ",")));
  }
  o.classes = fmt::format("{}", fmt::join(all, ";"));
}

Tensor one_hot(const std::vector<std::int32_t>& labels, std::size_t classes, const TrainOptions& o,
               Staging& staging) {
  std::vector<float> values(labels.size() * classes, 0.0f);
  for (std::size_t i = 0; i < labels.size(); ++i)
    values.at(i * classes + static_cast<std::size_t>(labels[i])) = 1;
  return staging.upload(values,
                        {static_cast<std::int64_t>(labels.size()), 1, 1, static_cast<std::int64_t>(classes)},
                        dtype_of(o));
}

}  // namespace sumi
