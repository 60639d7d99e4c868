// Reads the text forms of geometries, "n16h64w64c3k64r4s4u2p1": letters with a number each, in any order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sumi {

class LetterText {
 public:
  static constexpr std::int64_t kMost = 1 << 24;  // of a number: products of four still fit 64 bits with care

  // Throws Error under `where`'s name, in one line that names the letter, when `text` has a letter that is not among
  // `letters`, one twice, one without a number, or a number above kMost. A letter in `quads` may have four numbers
  // with ':' between them.
  LetterText(std::string where, std::string_view text, std::string_view letters, std::string_view quads = "");

  // The letter's number, at least `least`; throws where it is missing or smaller.
  std::int64_t need(char letter, std::int64_t least = 1) const;
  // Or `otherwise` where it is missing.
  std::int64_t get(char letter, std::int64_t otherwise, std::int64_t least = 1) const;
  // Four numbers; one stands for all of them, a missing letter for zeros.
  std::array<std::int64_t, 4> quad(char letter) const;

  [[noreturn]] void refuse(const std::string& why) const;

 private:
  struct Field {
    int count = 0;  // 0: not there
    std::array<std::int64_t, 4> values{};
  };
  const Field& field(char letter) const { return fields_[static_cast<std::size_t>(letter - 'a')]; }
  std::int64_t number(std::size_t& at, char letter) const;

  std::string where_, text_;
  std::array<Field, 26> fields_{};
};

// Throws under `where`'s name when the numbers of `what` multiply to more than 2^40 elements: nobody has such a tensor,
// and sizes in bytes and sums of products must fit 64 bits.
void check_count(const std::string& where, const char* what, std::initializer_list<std::int64_t> sizes);

}  // namespace sumi
