#include "models/options/option_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "engine/error.h"
#include "engine/serialize/file.h"
#include "models/options/json_text.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxConfig = 1 << 16;

template <class T>
T convert(const Json& value, const std::string& name, const std::string& where) {
  const auto bad = [&](const char* expected) {
    fail(where, fmt::format("option {} must be {}, not {}", name, expected, short_text(value)));
  };
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) bad("true or false");
    return value.get<bool>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) bad("text");
    return value.get<std::string>();
  } else if constexpr (std::is_same_v<T, ImageSize>) {  // 64, or "64x48"
    ImageSize size;
    if (value.is_string()) {
      if (!parse_image_size(value.get<std::string>(), size)) bad("a whole number, or width x height");
    } else {
      size = convert<int>(value, name, where);
    }
    return size;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number()) bad("a number");
    return value.get<T>();
  } else {
    if (!value.is_number_integer()) bad("a whole number");
    const bool negative = !value.is_number_unsigned() && value.get<std::int64_t>() < 0;
    if (negative ? (std::is_unsigned_v<T> ||
                    value.get<std::int64_t>() < static_cast<std::int64_t>(std::numeric_limits<T>::min()))
                 : value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
      bad("a number of that size");
    return value.get<T>();
  }
}

std::string trim(const std::string& s) {
  const auto first = s.find_first_not_of(" \t\r"), last = s.find_last_not_of(" \t\r");
  return first == std::string::npos ? std::string() : s.substr(first, last - first + 1);
}

// Removes a comment: # begins one unless it is inside quotes.
std::string without_comment(std::string line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && (i == 0 || line[i - 1] != '\\')) quoted = !quoted;
    if (line[i] == '#' && !quoted) line.resize(i);
  }
  return trim(line);
}

// Parses `name = value` lines: quoted or bare text, numbers, true and false.
Json parse_lines(const std::string& text, const std::string& where) {
  Json json = Json::object();
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = without_comment(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    const auto equals = line.find('=');
    if (equals == std::string::npos)
      fail(where, fmt::format("line {} is not `name = value`: {}", number, line.substr(0, 60)));
    const std::string value = trim(line.substr(equals + 1));
    // Text that looks like a list or object is kept as text: no option is one.
    const bool plain = value.empty() || (value[0] != '[' && value[0] != '{');
    const Json parsed = plain ? Json::parse(value, nullptr, false) : Json(value);
    const std::string name = trim(line.substr(0, equals));
    if (json.contains(name))
      fail(where, fmt::format("line {} gives {} a second time; remove one", number, name));
    json[name] = parsed.is_discarded() ? Json(value) : parsed;
  }
  return json;
}

// The flag whose opposite is called "no-NAME", or null.
const Option* opposite_of(const OptionTable& table, const TrainOptions& options, const std::string& name) {
  const Option* option = name.starts_with("no-") ? table.find(name.substr(3)) : nullptr;
  const auto is_flag = [&](const auto& member) {
    return std::is_same_v<std::decay_t<decltype(member)>, bool>;
  };
  return option && option->visit(std::as_const(options), is_flag) ? option : nullptr;
}

}  // namespace

std::string json_text(const Json& value, const std::string& name, const std::string& where) {
  return convert<std::string>(value, name, where);
}

void update_word(const Option& option, std::string& value) {
  for (const auto& [former, now] : option.old_words)
    if (value == former) value = now;
}

Json options_to_json(const OptionTable& table, const TrainOptions& options) {
  Json json = Json::object();
  json["model"] = options.model;
  for (const Option* option : table.rows())
    option->visit(options, [&](const auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, ImageSize>)
        json[option->name] = value.is_square() ? Json(value.width) : Json(value.str());
      else
        json[option->name] = value;
    });
  return json;
}

void options_from_json(const OptionTable& table, TrainOptions& options, const Json& json,
                       const std::string& where) {
  if (!json.is_object()) fail(where, "does not hold an object of options");
  std::set<const Option*> seen;
  std::set<std::string> names;
  for (const auto& entry : json.items()) {
    std::string name = entry.key();
    std::replace(name.begin(), name.end(), '_', '-');
    if (name == "model") continue;
    const Option* option = name.starts_with("-") ? nullptr : table.find(name);
    const Option* opposite = option ? nullptr : opposite_of(table, options, name);
    if (!option && !opposite)
      fail(where,
           fmt::format("unknown option '{}' for the model {}; sumi train {} --help lists them all",
                       entry.key().substr(0, 60), options.model.substr(0, 60), options.model.substr(0, 60)));
    names.insert(name);
    const Option& row = option ? *option : *opposite;
    if (!seen.insert(&row).second)
      fail(where,
           fmt::format("gives the option {} twice, the second time as {}; remove one", row.name, name));
    row.visit(options, [&](auto& member) {
      using T = std::decay_t<decltype(member)>;
      member = convert<T>(entry.value(), name, where);
      if constexpr (std::is_same_v<T, bool>)
        if (opposite) member = !member;
      if constexpr (std::is_same_v<T, std::string>) update_word(row, member);
    });
  }
  for (const Option* row : seen)
    if (row->implied) row->implied(options, [&](const std::string& name) { return names.contains(name); });
}

Json read_config(const std::string& path, const std::string& where) {
  const std::string text = read_file(path, kMaxConfig);
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) fail(where, "is empty; give `name = value` lines or a JSON object");
  if (text[first] == '{')
    return parse_json(text, where, "it must be one flat object, as a run's options.json is", 1);
  return parse_lines(text, where);
}

}  // namespace sumi
