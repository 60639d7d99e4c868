#include "models/options/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "engine/error.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBytes = 1 << 20, kMaxValues = 20'000;

// Returns which limit `text` exceeds, to be checked before parsing, or "".
std::string excess(const std::string& text, int max_depth) {
  if (text.size() > kMaxBytes) return fmt::format("has {} bytes, more than {}", text.size(), kMaxBytes);
  int depth = 0;
  std::size_t values = 1;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return fmt::format("is nested deeper than {} levels", max_depth);
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && ++values > kMaxValues) {
      return fmt::format("holds more than {} values", kMaxValues);
    }
  }
  return "";
}

}  // namespace

Json parse_json(const std::string& text, const std::string& where, const std::string& cure, int max_depth) {
  const auto bad = [&](const std::string& what) { fail(where, what + "; " + cure); };
  if (const std::string much = excess(text, max_depth); !much.empty()) bad(much);
  std::vector<std::set<std::string>> names;  // of the objects that are open
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
      bad(fmt::format("names {} twice", short_text(value)));
    return true;
  };
  Json json = Json::parse(text, watch, false);
  if (json.is_discarded()) bad("is not valid JSON");
  return json;
}

Json& append_member(Json& object, const std::string& name, Json value) {
  if (object.is_null()) object = Json::object();
  return object.get_ref<Json::object_t&>().emplace_back(name, std::move(value)).second;
}

std::string short_text(const Json& value) {
  constexpr std::size_t longest = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole UTF-8 characters
  return text.substr(0, end) + "...";
}

std::string html_json(const Json& json) {
  std::string safe;
  for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace))
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  return safe;
}

}  // namespace sumi
