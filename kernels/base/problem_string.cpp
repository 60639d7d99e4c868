#include "kernels/base/problem_string.h"

#include "kernels/base/check.h"

namespace sumi {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

ProblemString::ProblemString(std::string where, std::string_view text, std::string_view letters,
                             std::string_view quads)
    : where_(std::move(where)), text_(text) {
  if (text_.empty()) refuse("is empty");
  for (std::size_t at = 0; at < text_.size();) {
    const char letter = text_[at++];
    const std::string name = std::string("'") + letter + "'";
    if (letter < 'a' || letter > 'z' || letters.find(letter) == std::string_view::npos)
      refuse("has " + name + " where one of the letters " + std::string(letters) + " is expected");
    Field& field = fields_[static_cast<std::size_t>(letter - 'a')];
    if (field.count > 0) refuse("has " + name + " twice");
    field.values[0] = number(at, letter);
    field.count = 1;
    while (at < text_.size() && text_[at] == ':') {
      if (quads.find(letter) == std::string_view::npos) refuse(name + " has one number");
      if (field.count == 4) refuse(name + " has more than four numbers");
      field.values[static_cast<std::size_t>(field.count++)] = number(++at, letter);
    }
    if (field.count != 1 && field.count != 4) refuse(name + " has one number or four");
  }
}

std::int64_t ProblemString::number(std::size_t& at, char letter) const {
  const std::size_t first = at;
  std::int64_t value = 0;
  for (; at < text_.size() && is_digit(text_[at]); ++at) {
    value = 10 * value + (text_[at] - '0');
    if (value > kMost) refuse(std::string("'") + letter + "' is more than " + std::to_string(kMost));
  }
  if (at == first) refuse(std::string("'") + letter + "' has no number");
  return value;
}

std::int64_t ProblemString::need(char letter, std::int64_t least) const {
  if (field(letter).count == 0) refuse(std::string("lacks '") + letter + "'");
  return get(letter, 0, least);
}

std::int64_t ProblemString::get(char letter, std::int64_t otherwise, std::int64_t least) const {
  const Field& f = field(letter);
  if (f.count == 0) return otherwise;
  if (f.values[0] < least)
    refuse(std::string("'") + letter + "' is " + std::to_string(f.values[0]) + ", at least " +
           std::to_string(least) + " is needed");
  return f.values[0];
}

std::array<std::int64_t, 4> ProblemString::quad(char letter) const {
  const Field& f = field(letter);
  if (f.count == 4) return f.values;
  return {f.values[0], f.values[0], f.values[0], f.values[0]};
}

void ProblemString::refuse(const std::string& why) const {
  fail(where_, "'" + text_ + "' " + why);
}

void check_count(const std::string& where, const char* what, std::initializer_list<std::int64_t> sizes) {
  constexpr std::int64_t most = std::int64_t{1} << 40;
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) {
    if (size > 0 && count > most / size) fail(where, std::string(what) + " has more than 2^40 elements");
    count *= size;
  }
}

}  // namespace sumi
