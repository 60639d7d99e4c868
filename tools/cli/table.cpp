#include "tools/cli/table.h"

#include <algorithm>
#include <numeric>

namespace sumi::cli {
namespace {

constexpr std::size_t kGap = 2, kLeast = 6;

std::string fit(const std::string& cell, std::size_t width, bool right) {
  if (cell.size() > width) return cell.substr(0, width - 2) + "..";
  const std::string pad(width - cell.size(), ' ');
  return right ? pad + cell : cell + pad;
}

}  // namespace

std::string Table::text(int width, int indent) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t w = columns_[c].heading.size();
    for (const auto& row : rows_)
      if (!row.empty()) w = std::max(w, row[c].size());
    widths.push_back(w);
  }
  const std::size_t room = static_cast<std::size_t>(std::max(width - indent, 1));
  const auto total = [&]() {
    return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
  };
  while (total() > room) {
    std::size_t widest = columns_.size();
    for (std::size_t c = 0; c < columns_.size(); ++c)
      if (columns_[c].shrinks && widths[c] > kLeast &&
          (widest == columns_.size() || widths[c] > widths[widest]))
        widest = c;
    if (widest == columns_.size()) break;
    --widths[widest];
  }

  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out(static_cast<std::size_t>(indent), ' ');
    for (std::size_t c = 0; c < columns_.size(); ++c)
      out += (c ? std::string(kGap, ' ') : "") + fit(cells[c], widths[c], columns_[c].right);
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + "\n";
  };
  const std::string rule =
      std::string(static_cast<std::size_t>(indent), ' ') + std::string(total(), '-') + "\n";
  std::vector<std::string> headings;
  for (const Column& column : columns_) headings.push_back(column.heading);
  if (std::any_of(headings.begin(), headings.end(), [](const std::string& h) { return !h.empty(); })) {
    line(headings);
    text += rule;
  }
  for (const auto& row : rows_) {
    if (row.empty())
      text += rule;
    else
      line(row);
  }
  return text;
}

}  // namespace sumi::cli
