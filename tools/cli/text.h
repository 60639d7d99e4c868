// Text for people: widths, line breaks, numbers.
#pragma once

#include <cstdint>
#include <string>

namespace sumi::cli {

// Columns of the terminal (COLUMNS, else what the terminal says, else `fallback`).
int terminal_width(int fallback);

// Breaks text at blanks; lines after the first begin with `indent` blanks.
std::string wrap(const std::string& text, int width, int indent);

// "3,576,704", "14.3 MB".
std::string with_commas(std::int64_t value);
std::string bytes_text(std::uint64_t bytes);

// Quoted where the shell would take it apart.
std::string shell_quote(const std::string& word);

}  // namespace sumi::cli
