// Text output: widths, line breaks, numbers.
#pragma once

#include <cstdint>
#include <string>

namespace sumi::cli {

// Columns of the terminal: COLUMNS, else the terminal's width, else `fallback`.
int terminal_width(int fallback);

// Breaks text at blanks; lines after the first begin with `indent` blanks.
std::string wrap(const std::string& text, int width, int indent);

// "3,576,704", "14.3 MB".
std::string with_commas(std::int64_t value);
std::string bytes_text(std::uint64_t bytes);

// Quotes the word if the shell would split or expand it.
std::string shell_quote(const std::string& word);

}  // namespace sumi::cli
