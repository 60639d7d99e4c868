#include "tools/network_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "engine/error.h"
#include "engine/graph/open.h"

namespace sumi::cli {
namespace {

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts{""};
  for (const char c : text)
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

double number_in(const std::string& text, const std::string& name) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value))
    fail("--input " + name, "'" + text + "' is not a number");
  return value;
}

// "0.5" for all elements, "1,0,0" in order, "3:1" for the element of that index and 0 elsewhere.
std::vector<double> elements(const std::string& text, const std::string& name, std::int64_t count) {
  const std::vector<std::string> parts = parts_of(text, ',');
  std::vector<double> values(static_cast<std::size_t>(count), 0.0);
  if (parts[0].find(':') != std::string::npos) {
    for (const std::string& part : parts) {
      const std::size_t colon = part.find(':');
      const double index = colon == std::string::npos ? -1 : number_in(part.substr(0, colon), name);
      if (index < 0 || index != std::floor(index) || index >= double(count))
        fail("--input " + name,
             fmt::format("'{}' is not INDEX:VALUE with an index from 0 to {}", part, count - 1));
      values[static_cast<std::size_t>(index)] = number_in(part.substr(colon + 1), name);
    }
    return values;
  }
  if (parts.size() == 1) {
    std::fill(values.begin(), values.end(), number_in(parts[0], name));
    return values;
  }
  if (static_cast<std::int64_t>(parts.size()) != count)
    fail("--input " + name, fmt::format("has {} values; the network takes {}", parts.size(), count));
  for (std::size_t i = 0; i < parts.size(); ++i) values[i] = number_in(parts[i], name);
  return values;
}

}  // namespace

void NetworkArguments::add_options(CLI::App& command) {
  add_text(
      command, "--input-range", range, "-1:1|0:1|0:255",
      "numbers that stand for black and white in a network of another program (default: told from the file)")
      ->group("Model");
  add_text(command, "--input-layout", layout, "nchw|nhwc",
           "order of the axes of such a network's image (default: told from the file)")
      ->group("Model");
  command
      .add_flag("--bgr,!--rgb", bgr,
                "such a network takes and gives blue, green, red (default: by its family)")
      ->group("Model");
  add_whole(command, "--multiple", multiple, "N",
            "such a network takes heights and widths that are multiples of N (0: told from the file)")
      ->group("Model");
}

void NetworkArguments::check(const CLI::App* app, const std::string& model,
                             std::vector<std::string>& inputs) {
  const std::string name = command_name(app);
  rgb = app->count("--bgr") > 0 && !bgr;
  bgr = app->count("--bgr") > 0 && bgr;
  if (!graph::is_network_file(model)) {
    if (!range.empty() || !layout.empty() || bgr || rgb || multiple != 0)
      throw UsageError(name,
                       fmt::format("{} is for networks of other programs; give an ONNX or ncnn file with -m",
                                   !range.empty()    ? "--input-range"
                                   : !layout.empty() ? "--input-layout"
                                   : multiple != 0   ? "--multiple"
                                   : bgr             ? "--bgr"
                                                     : "--rgb"));
    return;
  }
  for (const std::string& input : inputs) {
    std::error_code error;
    if (input.find('=') != std::string::npos && !std::filesystem::exists(input, error))
      values.push_back(input);
  }
  std::erase_if(inputs, [&](const std::string& input) {
    return std::find(values.begin(), values.end(), input) != values.end();
  });
  if (!range.empty() && range != "-1:1" && range != "0:1" && range != "0:255")
    throw UsageError(name, fmt::format("--input-range {} is unknown; use -1:1, 0:1 or 0:255", range));
  if (!layout.empty() && layout != "nchw" && layout != "nhwc")
    throw UsageError(name, fmt::format("--input-layout {} is unknown; use nchw or nhwc", layout));
  if (multiple < 0 || multiple > 1024)
    throw UsageError(name, fmt::format("--multiple {} is out of range; give 1 to 1024", multiple));
}

graph::ImageFormat NetworkArguments::format() const {
  graph::ImageFormat format;
  if (layout == "nchw") format.layout = graph::Layout::nchw;
  if (layout == "nhwc") format.layout = graph::Layout::nhwc;
  if (range == "-1:1") format.range = graph::ValueRange{-1, 1};
  if (range == "0:1") format.range = graph::ValueRange{0, 1};
  if (range == "0:255") format.range = graph::ValueRange{0, 255};
  if (bgr || rgb) format.bgr = bgr;
  if (multiple > 0) format.multiple = static_cast<int>(multiple);
  return format;
}

std::map<std::string, graph::ConstantPtr> NetworkArguments::given(const graph::Graph& graph) const {
  std::map<std::string, graph::ConstantPtr> result;
  for (const std::string& entry : values) {
    const std::string name = entry.substr(0, entry.find('=')), text = entry.substr(entry.find('=') + 1);
    const auto known = std::find_if(graph.inputs.begin(), graph.inputs.end(),
                                    [&](const graph::ValueInfo& input) { return input.name == name; });
    if (known == graph.inputs.end()) {
      std::string names;
      for (const graph::ValueInfo& input : graph.inputs) names += (names.empty() ? "" : ", ") + input.name;
      fail("--input " + name, "is neither a file nor an input of the network, whose inputs are " + names);
    }
    graph::Dims dims = known->dims;
    for (std::int64_t& d : dims) d = d < 0 ? 1 : d;
    const std::vector<double> numbers = elements(text, name, graph::count_of(dims));
    graph::Constant value;
    value.dims = dims;
    value.real = known->real;
    for (const double v : numbers)
      if (value.real)
        value.reals.push_back(static_cast<float>(v));
      else
        value.integers.push_back(static_cast<std::int64_t>(v));
    result[name] = std::make_shared<const graph::Constant>(std::move(value));
  }
  return result;
}

}  // namespace sumi::cli
