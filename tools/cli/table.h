// Aligned columns of text.
#pragma once

#include <string>
#include <vector>

namespace sumi::cli {

class Table {
 public:
  struct Column {
    std::string heading;
    bool right = false;    // numbers
    bool shrinks = false;  // may be cut to fit the width
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void rule() { rows_.emplace_back(); }  // a horizontal line
  // The table, at most `width` columns wide if the shrinking columns allow it: the widest is cut
  // first, and a cut cell ends in "..". Each line begins with `indent` blanks.
  std::string text(int width, int indent = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sumi::cli
