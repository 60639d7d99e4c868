// Parser of problem strings such as "n16h64w64c3k64r4s4u2p1": letters with a value each, in any
// order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sumi {

class ProblemString {
 public:
  // largest value: products of four, formed with care, fit 64 bits
  static constexpr std::int64_t kMost = 1 << 24;

  // Throws Error named `where`, in one line that names the letter, if `text` has a letter that is
  // not in `letters`, a repeated letter, a letter without a value, or a value above kMost. A letter
  // in `quads` may have four values separated by ':'.
  ProblemString(std::string where, std::string_view text, std::string_view letters,
                std::string_view quads = "");

  // Returns the letter's value. Throws Error if it is missing or less than `least`.
  std::int64_t need(char letter, std::int64_t least = 1) const;
  // Returns the letter's value, or `otherwise` if it is missing.
  std::int64_t get(char letter, std::int64_t otherwise, std::int64_t least = 1) const;
  // Returns four values; a single one is repeated, and a missing letter gives zeros.
  std::array<std::int64_t, 4> quad(char letter) const;

  [[noreturn]] void refuse(const std::string& why) const;

 private:
  struct Field {
    int count = 0;  // 0: missing
    std::array<std::int64_t, 4> values{};
  };
  const Field& field(char letter) const { return fields_[static_cast<std::size_t>(letter - 'a')]; }
  std::int64_t number(std::size_t& at, char letter) const;

  std::string where_, text_;
  std::array<Field, 26> fields_{};
};

// Throws Error named `where` if the product of `sizes` exceeds 2^40 elements. No tensor is that
// large, and sizes in bytes and sums of products must fit 64 bits.
void check_count(const std::string& where, const char* what, std::initializer_list<std::int64_t> sizes);

}  // namespace sumi
