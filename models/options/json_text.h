// JSON out of files that anyone may have written.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace sumi {

// Parses `text`. Error "[where] what; cure" when it is no JSON, larger than 1 MiB, nested deeper than `max_depth` arrays
// and objects (printing recurses), made of more than 20,000 values (members are found by walking), or an object names a
// member twice.
nlohmann::ordered_json parse_json(const std::string& text, const std::string& where, const std::string& cure,
                                  int max_depth = 16);

// A member that is not there yet, at the end. Looking for it would walk over all others, of which a file may have a
// million. `object` may be null.
nlohmann::ordered_json& append_member(nlohmann::ordered_json& object, const std::string& name,
                                      nlohmann::ordered_json value);

// `value` as text of at most 60 bytes, for messages; also where strings are not UTF-8.
std::string short_text(const nlohmann::ordered_json& value);

}  // namespace sumi
