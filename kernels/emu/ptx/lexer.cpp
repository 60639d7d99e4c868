#include "kernels/emu/ptx/lexer.h"

#include <charconv>

#include "kernels/base/check.h"

namespace sumi::emu::ptx {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '$' || c == '%';
}

bool read_digits(std::string_view digits, int base, std::uint64_t& value) {
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  return error == std::errc() && stop == end;
}

}  // namespace

void Lexer::fail_at(std::uint32_t line, const std::string& what) const {
  fail(path_ + ":" + std::to_string(line), what);
}

void Lexer::skip_space() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n') ++line_;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
    } else if (text_.substr(at_, 2) == "//") {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (text_.substr(at_, 2) == "/*") {
      const std::size_t close = text_.find("*/", at_ + 2);
      if (close == std::string_view::npos) fail_at(line_, "a comment without an end");
      for (; at_ < close + 2; ++at_) line_ += text_[at_] == '\n';
    } else {
      return;
    }
  }
}

Token Lexer::take() {
  const Token taken = token_;
  skip_space();
  const std::size_t begin = at_;
  token_ = {Token::Kind::end, {}, line_};
  if (at_ == text_.size()) return taken;
  if (text_[at_] == '"') {
    const std::size_t close = text_.find_first_of("\"\n", at_ + 1);
    if (close == std::string_view::npos || text_[close] == '\n') fail_at(line_, "a string without an end");
    token_ = {Token::Kind::text, text_.substr(at_ + 1, close - at_ - 1), line_};
    at_ = close + 1;
    return taken;
  }
  while (at_ < text_.size() && (is_word(text_[at_]) || (at_ > begin && text_.substr(at_, 2) == "::")))
    at_ += text_[at_] == ':' ? 2 : 1;
  token_.kind = at_ > begin ? Token::Kind::word : Token::Kind::sign;
  if (at_ == begin) ++at_;
  token_.text = text_.substr(begin, at_ - begin);
  return taken;
}

bool Lexer::accept(std::string_view what) {
  if (!token_.is(what)) return false;
  take();
  return true;
}

void Lexer::expect(std::string_view what) {
  if (!accept(what)) fail_here("expected '" + std::string(what) + "', found " + token_.str());
}

Token Lexer::word(const char* what) {
  if (token_.kind != Token::Kind::word)
    fail_here(std::string("expected ") + what + ", found " + token_.str());
  return take();
}

std::uint64_t Lexer::number(const char* what) {
  std::uint64_t value = 0;
  if (token_.kind != Token::Kind::word || !read_integer(token_.text, value))
    fail_here(std::string("expected ") + what + ", found " + token_.str());
  take();
  return value;
}

void Lexer::skip_braces() {
  const std::uint32_t line = token_.line;
  int depth = 0;
  do {
    if (token_.kind == Token::Kind::end) fail_at(line, "a brace without an end");
    depth += token_.is("{") ? 1 : token_.is("}") ? -1 : 0;
    take();
  } while (depth > 0);
}

bool read_integer(std::string_view text, std::uint64_t& value) {
  if (text.ends_with('U')) text.remove_suffix(1);
  if (text.starts_with("0x") || text.starts_with("0X")) return read_digits(text.substr(2), 16, value);
  if (text.starts_with("0b") || text.starts_with("0B")) return read_digits(text.substr(2), 2, value);
  return read_digits(text, text.size() > 1 && text[0] == '0' ? 8 : 10, value);
}

bool read_constant(std::string_view text, std::uint64_t& bits) {
  if (text.starts_with("0f") || text.starts_with("0F"))
    return text.size() == 10 && read_digits(text.substr(2), 16, bits);
  if (text.starts_with("0d") || text.starts_with("0D"))
    return text.size() == 18 && read_digits(text.substr(2), 16, bits);
  return read_integer(text, bits);
}

}  // namespace sumi::emu::ptx
