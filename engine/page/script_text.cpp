#include "engine/page/script_text.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/error.h"

namespace sumi::page {
namespace {

// Length of the UTF-8 character at `at`, or 0 for bytes that are not UTF-8 (RFC 3629: no overlong
// forms, no surrogates, nothing above U+10FFFF).
std::size_t character_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  std::uint32_t code = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
    code = code << 6 | (byte(at + i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (first < 0xC0 || first > 0xF7 || code < kLeast[length] || code > 0x10FFFF ||
      (code >= 0xD800 && code <= 0xDFFF))
    return 0;
  return length;
}

struct Delimiters {
  std::string_view open, close;
  LetteringKind kind;
};
constexpr std::array<Delimiters, 9> kDelimiters{{
    {"\"", "\"", LetteringKind::speech},
    {"\u201C", "\u201D", LetteringKind::speech},
    {"\u201E", "\u201C", LetteringKind::speech},
    {"\u00AB", "\u00BB", LetteringKind::speech},
    {"\u300C", "\u300D", LetteringKind::speech},
    {"\u300E", "\u300F", LetteringKind::speech},
    {"(", ")", LetteringKind::thought},
    {"\uFF08", "\uFF09", LetteringKind::thought},
    {"*", "*", LetteringKind::burst},
}};

// Replaces \n by a line break and trims the lines.
std::string with_breaks(std::string_view text) {
  std::string result;
  while (true) {
    const std::size_t at = text.find("\\n");
    result += trimmed(text.substr(0, at));
    if (at == std::string_view::npos) break;
    result += '\n';
    text.remove_prefix(at + 2);
  }
  while (!result.empty() && result.back() == '\n') result.pop_back();
  while (!result.empty() && result.front() == '\n') result.erase(0, 1);
  return result;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void fail_at(const std::string& file, int line, const std::string& what) {
  fail("text " + file, "line " + std::to_string(line) + ": " + what);
}

std::vector<std::string> script_lines(const std::string& file, const std::string& bytes) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t i = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0; i < bytes.size();) {
    const char c = bytes[i];
    const int number = static_cast<int>(lines.size()) + 1;
    const std::size_t length = character_length(bytes, i);
    if (length == 0) fail_at(file, number, "is not UTF-8; save the file as UTF-8");
    if (c == '\n' || c == '\r') {
      i += c == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n' ? 2 : 1;
      lines.push_back(std::move(line));
      line.clear();
      continue;
    }
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F)
      fail_at(file, number, "has a control character; --text takes plain text, .srt or .vtt");
    line.append(bytes, i, length);
    i += length;
  }
  lines.push_back(std::move(line));
  return lines;
}

Lettering parse_text(std::string_view text) {
  Lettering lettering;
  for (const Delimiters& known : kDelimiters)
    if (text.size() >= known.open.size() + known.close.size() && text.starts_with(known.open) &&
        text.ends_with(known.close)) {
      lettering.kind = known.kind;
      text.remove_prefix(known.open.size());
      text.remove_suffix(known.close.size());
      break;
    }
  lettering.text = with_breaks(text);
  return lettering;
}

}  // namespace sumi::page
