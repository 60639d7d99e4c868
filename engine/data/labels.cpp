#include "engine/data/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/data/idx.h"
#include "engine/data/image_folder.h"
#include "kernels/base/check.h"

namespace sumi {
namespace fs = std::filesystem;

namespace io {
namespace {

constexpr std::size_t kMaxGuessed = 100;  // more prefixes than this are not considered classes

std::string where_of(const DatasetSpec& spec) {
  return "data " + spec.data.string();
}

// The first folder of a name, or "".
std::string folder_of(const std::string& name) {
  const auto slash = name.find('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

// The part of the file name before the separator, or "".
std::string prefix_of(const std::string& name, const std::string& separator) {
  const auto slash = name.rfind('/');
  const std::string file = slash == std::string::npos ? name : name.substr(slash + 1);
  const auto end = file.find(separator);
  return end == std::string::npos ? "" : file.substr(0, end);
}

// The label source for `automatic`.
LabelSource guess(const DatasetSpec& spec, const std::vector<std::string>& names) {
  std::set<std::string> folders;
  std::map<std::string, int> prefixes;
  for (const auto& name : names) {
    folders.insert(folder_of(name));
    ++prefixes[prefix_of(name, spec.labels.separator)];
  }
  if (folders.size() > 1 && !folders.contains("")) return LabelSource::folder;
  const bool kinds =
      prefixes.size() > 1 && prefixes.size() <= kMaxGuessed && !prefixes.contains("") &&
      std::all_of(prefixes.begin(), prefixes.end(), [](const auto& p) { return p.second > 1; });
  if (kinds) return LabelSource::prefix;
  // files outside the class folders, those without a class prefix first
  std::vector<std::string> stray;
  for (const bool odd : {true, false})
    for (const auto& name : names)
      if (const auto prefix = prefix_of(name, spec.labels.separator);
          folder_of(name).empty() && odd == (prefix.empty() || prefixes.at(prefix) == 1))
        stray.push_back(name);
  if (folders.size() > 2)  // two class folders, and ""
    fail(where_of(spec),
         fmt::format("has the image {} {}beside the folders of its classes; move {} into one of them, or out",
                     stray[0], stray.size() > 1 ? fmt::format("and {} more ", stray.size() - 1) : "",
                     stray.size() > 1 ? "them" : "it"));
  fail(where_of(spec),
       fmt::format("does not say which class an image has, such as {}: put each class into a folder of its "
                   "own, or name the images CLASS_anything and give --labels prefix",
                   stray.empty() ? names[0] : stray[0]));
}

void check_names(const DatasetSpec& spec, const std::vector<std::string>& classes) {
  if (classes.size() < 2)
    fail(where_of(spec), fmt::format("has images of one class only ('{}'); labels need two or more",
                                     classes.empty() ? "" : classes[0]));
  for (const auto& name : classes)
    if (name.empty() || name.find_first_of(",;") != std::string::npos)
      fail(where_of(spec),
           fmt::format("has a class '{}'; names must not be empty nor have , or ; in them: rename it", name));
  if (std::set<std::string>(classes.begin(), classes.end()).size() < classes.size())
    fail(where_of(spec), "has two classes of one name; --classes must name each once");
}

fs::path labels_beside(const DatasetSpec& spec) {
  std::string name = spec.data.filename().string();
  const auto replace = [&](const std::string& from, const std::string& to) {
    const auto at = name.rfind(from);
    if (at == std::string::npos)
      fail(where_of(spec), fmt::format("has no '{}' in its name, so its labels file cannot be found; name "
                                       "the two NAME-images-idx3-ubyte.gz and NAME-labels-idx1-ubyte.gz",
                                       from));
    name.replace(at, from.size(), to);
  };
  replace("images", "labels");
  replace("idx3", "idx1");
  const fs::path beside = spec.data.parent_path() / name;
  const fs::path other =
      beside.extension() == ".gz" ? beside.parent_path() / beside.stem() : fs::path(beside.string() + ".gz");
  for (const auto& path : {beside, other})
    if (std::error_code error; fs::exists(path, error)) return path;
  fail(where_of(spec),
       fmt::format("has no labels: {} is missing; put it there, or train without labels", beside.string()));
}

}  // namespace

Labels labels_of_names(const DatasetSpec& spec, const std::vector<std::string>& names) {
  LabelSource source = spec.labels.source;
  if (source == LabelSource::file)
    fail(where_of(spec), "is a folder, whose labels are not in a file; use --labels folder or prefix");
  if (source == LabelSource::automatic) source = guess(spec, names);
  std::vector<std::string> found;
  for (const auto& name : names) {
    found.push_back(source == LabelSource::folder ? folder_of(name) : prefix_of(name, spec.labels.separator));
    if (found.back().empty())
      fail(where_of(spec),
           source == LabelSource::folder
               ? fmt::format("has the image {} in no folder of a class; move it into one, or out", name)
               : fmt::format("has the image {}, whose name has no class before a '{}'; rename it, or give "
                             "--labels prefix:SEPARATOR",
                             name, spec.labels.separator));
  }
  Labels labels{spec.classes, {}};
  if (labels.classes.empty()) {
    const std::set<std::string> sorted(found.begin(), found.end());
    labels.classes.assign(sorted.begin(), sorted.end());
  }
  check_names(spec, labels.classes);
  std::map<std::string, std::int32_t> numbers;
  for (const auto& name : labels.classes) numbers.emplace(name, static_cast<std::int32_t>(numbers.size()));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto number = numbers.find(found[i]);
    if (number == numbers.end())
      fail(where_of(spec), fmt::format("has the image {} of the class '{}', which is none of: {}", names[i],
                                       found[i], fmt::join(labels.classes, ", ")));
    labels.of_image.push_back(number->second);
  }
  return labels;
}

void leave_out(Labels& labels, const std::vector<std::string>& names,
               const std::vector<std::string>& broken) {
  const std::set<std::string> out(broken.begin(), broken.end());
  std::vector<std::int32_t> kept;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!out.contains(names[i])) kept.push_back(labels.of_image[i]);
  labels.of_image = std::move(kept);
}

Labels labels_of_idx(const DatasetSpec& spec) {
  if (spec.labels.source != LabelSource::file && spec.labels.source != LabelSource::automatic)
    fail(where_of(spec), "is one file, whose images have no names; use --labels file");
  const fs::path path = labels_beside(spec);
  auto numbers = load_idx_labels(path);
  if (const auto images = idx_image_count(spec.data); static_cast<std::int64_t>(numbers.size()) != images)
    fail("data " + path.string(),
         fmt::format("has {} labels, but {} has {} images; they do not belong together", numbers.size(),
                     spec.data.filename().string(), images));
  if (spec.max_items > 0 && static_cast<std::int64_t>(numbers.size()) > spec.max_items)
    numbers.resize(static_cast<std::size_t>(spec.max_items));
  Labels labels{spec.classes, {numbers.begin(), numbers.end()}};
  const std::size_t largest = *std::max_element(numbers.begin(), numbers.end());
  if (labels.classes.empty())
    for (std::size_t i = 0; i <= largest; ++i) labels.classes.push_back(std::to_string(i));
  check_names(spec, labels.classes);
  if (largest >= labels.classes.size())
    fail("data " + path.string(), fmt::format("has a label {}, but there are {} classes: {}", largest,
                                              labels.classes.size(), fmt::join(labels.classes, ", ")));
  return labels;
}

}  // namespace io

std::vector<std::string> find_classes(const DatasetSpec& spec) {
  std::error_code error;
  if (spec.data.extension() == ".pack") io::refuse_packed_labels(spec);
  if (!fs::exists(spec.data, error))
    fail("data " + spec.data.string(), "does not exist; give a folder or zip file of images, or an idx file");
  if (!fs::is_directory(spec.data, error) && !io::is_archive(spec.data))
    return io::labels_of_idx(spec).classes;
  std::vector<std::string> names;
  for (const auto& file : io::ImageFolder(spec.data).list({})) names.push_back(file.name);
  if (spec.max_items > 0 && static_cast<std::int64_t>(names.size()) > spec.max_items)
    names.resize(static_cast<std::size_t>(spec.max_items));
  if (names.empty()) io::report_nothing(spec.data);
  return io::labels_of_names(spec, names).classes;
}

void io::refuse_packed_labels(const DatasetSpec& spec) {
  fail("data " + spec.data.string(),
       "is a packed set, which has no labels; give the folder or idx file that it was made from");
}

}  // namespace sumi
