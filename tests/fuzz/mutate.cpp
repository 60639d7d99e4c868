#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace fuzz {
namespace {

constexpr std::size_t kLongest = 1 << 16;

// [0, bound); the standard's distributions differ between libraries.
std::size_t below(std::mt19937_64& random, std::size_t bound) {
  return bound == 0 ? 0 : static_cast<std::size_t>(random() % bound);
}

std::string part_of(const std::string& text, std::mt19937_64& random) {
  const std::size_t at = below(random, text.size());
  return text.substr(at, 1 + below(random, std::min<std::size_t>(64, text.size() - at)));
}

void set_number(std::string& text, std::mt19937_64& random) {
  static constexpr std::array<std::uint64_t, 10> limits{0,
                                                        1,
                                                        0x7f,
                                                        0x7fff,
                                                        0x7fffffff,
                                                        0x80000000,
                                                        0xffffffff,
                                                        0x7fffffffffffffff,
                                                        0x8000000000000000,
                                                        ~std::uint64_t{0}};
  const std::size_t width = std::size_t{1} << below(random, 4), at = below(random, text.size());
  const std::uint64_t value = limits[below(random, limits.size())];
  const bool big_endian = below(random, 2) == 1;
  for (std::size_t i = 0; i < width && at + i < text.size(); ++i)
    text[at + i] = static_cast<char>(value >> (8 * (big_endian ? width - 1 - i : i)));
}

// JSON and pnm count in decimal digits.
void set_digit(std::string& text, std::mt19937_64& random) {
  const std::size_t start = below(random, text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char& c = text[(start + i) % text.size()];
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) continue;
    if (below(random, 4) == 0)
      text.insert((start + i) % text.size(), below(random, 2) == 0 ? "-" : "99999999999999999999");
    else
      c = static_cast<char>('0' + below(random, 10));
    return;
  }
}

void change(std::string& text, const std::vector<std::string>& corpus, std::mt19937_64& random) {
  if (text.empty()) text = "x";
  const std::size_t at = below(random, text.size());
  switch (below(random, 9)) {
    case 0:
      text[at] = static_cast<char>(text[at] ^ (1 << below(random, 8)));
      break;
    case 1:
      text[at] = static_cast<char>(random());
      break;
    case 2:
    case 3:
      set_number(text, random);
      break;
    case 4:
      set_digit(text, random);
      break;
    case 5:
      text.resize(at);
      break;
    case 6:
      text.erase(at, 1 + below(random, 32));
      break;
    case 7:
      text.insert(at, part_of(text, random));
      break;
    default: {
      const std::string& other = corpus[below(random, corpus.size())];
      if (other.empty()) break;
      const std::string part = part_of(other, random);
      text.replace(at, std::min(part.size(), text.size() - at), part);
    }
  }
  if (text.size() > kLongest) text.resize(kLongest);
}

}  // namespace

std::string mutated(const std::vector<std::string>& corpus, std::mt19937_64& random) {
  std::string text = corpus[below(random, corpus.size())];
  for (std::size_t left = 1 + below(random, 4); left > 0; --left) change(text, corpus, random);
  return text;
}

}  // namespace fuzz
