// The words and signs of a PTX text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sumi::emu::ptx {

struct Token {
  enum class Kind : std::uint8_t { word, text, sign, end };
  Kind kind = Kind::end;
  std::string_view text;  // of a string: without its quotes
  std::uint32_t line = 0;

  bool is(std::string_view what) const { return kind != Kind::text && text == what; }
  std::string str() const {
    return kind == Kind::end ? "the end of the text" : "'" + std::string(text) + "'";
  }
};

// Words are names, numbers, mnemonics with all their suffixes and directives: letters, digits and
// . _ $ % and the pair "::". Comments and white space separate. The text must outlive the tokens.
class Lexer {
 public:
  Lexer(std::string_view text, const std::string& path) : text_(text), path_(path) { take(); }

  const Token& next() const { return token_; }
  Token take();  // returns next() and goes on
  // Returns true and goes on if the next token is `what`.
  bool accept(std::string_view what);
  void expect(std::string_view what);
  Token word(const char* what);  // an error names `what` it should have been
  std::uint64_t number(const char* what);
  // Goes on past the bracket that closes the next one, of the same kind.
  void skip_braces();

  [[noreturn]] void fail_here(const std::string& what) const { fail_at(token_.line, what); }
  [[noreturn]] void fail_at(std::uint32_t line, const std::string& what) const;

 private:
  void skip_space();

  std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  Token token_;
};

// Reads an integer: decimal, 0x, 0 (octal), 0b, with an optional U. Returns false if it is none.
bool read_integer(std::string_view text, std::uint64_t& value);
// Reads 0fXXXXXXXX or 0dXXXXXXXXXXXXXXXX as bits, and integers. A decimal fraction is refused: nvcc
// writes bits.
bool read_constant(std::string_view text, std::uint64_t& bits);

}  // namespace sumi::emu::ptx
