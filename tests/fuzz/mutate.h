// Mutations of files as caused by damage or malice, equal for equal seeds.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fuzz {

// Returns one of `corpus` with one to four changes: flipped bits and bytes, integers of 1 to 8
// bytes at their limits, decimal digits, a part truncated, removed, duplicated, or replaced by a
// part of another file.
std::string mutated(const std::vector<std::string>& corpus, std::mt19937_64& random);

}  // namespace fuzz
