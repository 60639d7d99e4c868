// Makes text from untrusted files safe to print.
#pragma once

#include <string>

namespace sumi {

// Returns `text` as one line that is safe on a terminal: line breaks become blanks; other control
// characters, which could move the cursor or hide text, become '?'; the middle of text longer than
// 2,000 bytes is omitted.
inline std::string printable(std::string text) {
  constexpr std::size_t longest = 2000;
  const auto continues = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
  };  // inside a UTF-8 sequence
  if (text.size() > longest) {
    std::size_t head = longest / 2, tail = text.size() - longest / 2;
    while (head > 0 && continues(text[head])) --head;
    while (tail < text.size() && continues(text[tail])) ++tail;
    text = text.substr(0, head) + " ... " + text.substr(tail);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n' || c == '\r' || c == '\t')
      text[i] = ' ';
    else if (c < 0x20 || c == 0x7F)
      text[i] = '?';
    else if (c == 0xC2 && i + 1 < text.size() && continues(text[i + 1]) &&
             static_cast<unsigned char>(text[i + 1]) < 0xA0)  // U+0080 to U+009F: terminal escape
                                                              // sequences
      text[i] = text[i + 1] = '?';
  }
  return text;
}

}  // namespace sumi
