// JSON from untrusted files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace sumi {

// Parses `text`. Throws Error "[where] problem; cure" if it is not JSON, is larger than 1 MiB, is
// nested deeper than `max_depth` arrays and objects (printing recurses), has more than 20,000
// values (members are found by linear search), or if an object repeats a member.
nlohmann::ordered_json parse_json(const std::string& text, const std::string& where, const std::string& cure,
                                  int max_depth = 16);

// Appends a member that is known to be absent, without searching for it: the linear search would be
// quadratic over the members of a large file. `object` may be null.
nlohmann::ordered_json& append_member(nlohmann::ordered_json& object, const std::string& name,
                                      nlohmann::ordered_json value);

// `value` as text of at most 60 bytes, for messages; strings that are not UTF-8 are replaced.
std::string short_text(const nlohmann::ordered_json& value);

// JSON as text that cannot end the element of an HTML page that it stands in. Strings that are not
// UTF-8 are replaced.
std::string html_json(const nlohmann::ordered_json& json);

}  // namespace sumi
