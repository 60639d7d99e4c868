// Base64 (RFC 4648, section 4), for data: addresses.
#pragma once

#include <string>
#include <string_view>

namespace sumi {

// With padding, without line breaks.
std::string base64(std::string_view bytes);

}  // namespace sumi
