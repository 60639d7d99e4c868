// Order of names with numbers in them, as people and modules count: "frame-9" before "frame-10".
#pragma once

#include <string>

namespace sumi {

// Compares runs of digits as numbers (leading zeros do not count), other bytes one by one. Names
// that are equal so far are compared as text, so that the order is strict.
bool natural_less(const std::string& a, const std::string& b);

}  // namespace sumi
