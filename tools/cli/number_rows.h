// Options that are numbers with a range, as rows of a table: each row is the option, its help and
// its check.
//
//   const NumberRow<Args> kNumbers[] = {{"--fps", &Args::fps, "N", 1, 60, "Clip", "frames a second"}};
//   add_rows(command, args, kNumbers);
//   const auto [fps] = numbers_of(app, args, kNumbers);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tools/cli/cli.h"

namespace sumi::cli {

template <class Arguments>
struct NumberRow {
  const char* name;
  std::string Arguments::*text;  // as given
  const char* unit;
  double low, high;
  const char* group;
  const char* help;
};

template <class Arguments>
struct CountRow {
  const char* name;
  std::int64_t Arguments::*value;
  const char* unit;
  std::int64_t low, high;
  const char* group;
  const char* help;
};

template <class Arguments, std::size_t n>
void add_rows(CLI::App& command, Arguments& args, const NumberRow<Arguments> (&rows)[n]) {
  for (const auto& row : rows)
    add_text(command, row.name, args.*row.text, row.unit, row.help)
        ->default_str(args.*row.text)
        ->group(row.group);
}

template <class Arguments, std::size_t n>
void add_rows(CLI::App& command, Arguments& args, const CountRow<Arguments> (&rows)[n]) {
  for (const auto& row : rows)
    add_whole(command, row.name, args.*row.value, row.unit, row.help)->group(row.group);
}

// The values, in the order of the rows. UsageError for a value that is not a number, or out of
// range.
template <class Arguments, std::size_t n>
std::array<double, n> numbers_of(const CLI::App* app, const Arguments& args,
                                 const NumberRow<Arguments> (&rows)[n]) {
  std::array<double, n> numbers{};
  for (std::size_t i = 0; i < n; ++i)
    numbers[i] = parse_number(app, rows[i].name, args.*rows[i].text, rows[i].low, rows[i].high);
  return numbers;
}

// UsageError for a value out of range.
template <class Arguments, std::size_t n>
void check_rows(const CLI::App* app, const Arguments& args, const CountRow<Arguments> (&rows)[n]) {
  for (const auto& row : rows) check_range(app, row.name, args.*row.value, row.low, row.high);
}

}  // namespace sumi::cli
