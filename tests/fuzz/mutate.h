// Changes to a file as damage and malice make them, the same for the same seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fuzz {

// One of `corpus` with one to four changes: bits and bytes, numbers of 1 to 8 bytes at their
// limits, decimal digits, a part cut off, taken out, doubled, or replaced by a part of another
// file.
std::string mutated(const std::vector<std::string>& corpus, std::mt19937_64& random);

}  // namespace fuzz
