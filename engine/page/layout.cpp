#include "engine/page/layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "engine/error.h"

namespace sumi::page {
namespace {

constexpr int kShortCells = 24, kMostCells = 48;  // of the grid, along the short and the long side
constexpr double kLeastSide = 0.17;               // of a panel, in the page's short side
constexpr double kLossCost = 1.6, kAreaCost = 0.22;
constexpr double kForbidden = 50;  // instead of an infinite loss
constexpr int kMostPixels = 32'000;
constexpr float kNever = std::numeric_limits<float>::infinity();

// How a box is made. An upright cut counts the sides that are cut across (0 or 1).
enum Kind : std::uint8_t { leaf, across, upright, upright_with_across, kinds };

struct Choice {
  float cost = kNever;
  std::uint8_t split = 0, cut = 0;  // images and cells of the first part
  Kind first = leaf, second = leaf;
};

class Search {
 public:
  Search(const std::vector<PanelShape>& panels, const PageGeometry& page)
      : panels_(panels), page_(page), count_(static_cast<int>(panels.size())) {
    const int inner_width = page.width - 2 * page.margin,
              inner_height = page.height - 2 * page.margin - page.header;
    const int side = std::min(inner_width, inner_height);
    if (side < 4 * page.gutter + kShortCells)
      fail("page", "the page is too small for its margins and gutters; choose a larger --page or --dpi");
    if (std::max(page.width, page.height) > kMostPixels)
      fail("page",
           "the page has more than " + std::to_string(kMostPixels) + " pixels along a side; lower --dpi");
    columns_ = cells_of(inner_width, side);
    rows_ = cells_of(inner_height, side);
    least_columns_ = least_cells(columns_, inner_width, side);
    least_rows_ = least_cells(rows_, inner_height, side);
    for (const PanelShape& panel : panels) weight_ += panel.weight;
    table_.resize(
        static_cast<std::size_t>(kinds * (count_ + 1) * (count_ + 1) * (columns_ + 1) * (rows_ + 1)));
  }

  std::vector<PanelBox> best() {
    for (int length = 1; length <= count_; ++length)
      for (int from = 0; from + length <= count_; ++from)
        for (int width = least_columns_; width <= columns_; ++width)
          for (int height = least_rows_; height <= rows_; ++height) fill(from, length, width, height);
    const Kind kind = cheapest(0, count_, columns_, rows_);
    if (at(kind, 0, count_, columns_, rows_).cost == kNever)
      fail("page", std::to_string(count_) + " panels do not fit on one page; lower --per-page");
    boxes_.resize(panels_.size());
    place(kind, 0, count_, 0, 0, columns_, rows_);
    return boxes_;
  }

 private:
  static int cells_of(int length, int side) {
    return std::min(kMostCells, static_cast<int>(std::lround(double(kShortCells) * length / side)));
  }
  static int least_cells(int cells, int length, int side) {
    return std::max(1, static_cast<int>(std::ceil(kLeastSide * cells * side / length)));
  }

  Choice& at(Kind kind, int from, int length, int width, int height) {
    const int run = (kind * (count_ + 1) + from) * (count_ + 1) + length;
    return table_[static_cast<std::size_t>((run * (columns_ + 1) + width) * (rows_ + 1) + height)];
  }

  Kind cheapest(int from, int length, int width, int height) {
    Kind best = leaf;
    for (const Kind kind : {across, upright, upright_with_across})
      if (at(kind, from, length, width, height).cost < at(best, from, length, width, height).cost)
        best = kind;
    return best;
  }

  // Left (or upper) edge of a cell. A panel reaches from its first cell to a gutter before the cell
  // behind its last.
  int edge_x(int cell) const {
    return page_.margin + static_cast<int>(std::lround(
                              double(cell) * (page_.width - 2 * page_.margin + page_.gutter) / columns_));
  }
  int edge_y(int cell) const {
    const int height = page_.height - 2 * page_.margin - page_.header + page_.gutter;
    return page_.margin + page_.header + static_cast<int>(std::lround(double(cell) * height / rows_));
  }

  float leaf_cost(int index, int width, int height) const {
    const int pixels_x = edge_x(width) - edge_x(0) - page_.gutter;
    const int pixels_y = edge_y(height) - edge_y(0) - page_.gutter;
    if (pixels_x < 1 || pixels_y < 1) return kNever;
    const PanelShape& panel = panels_[static_cast<std::size_t>(index)];
    const double loss = panel.loss(double(pixels_x) / pixels_y);
    const double share = double(width) * height / (double(columns_) * rows_);
    const double off = std::log2(share * weight_ / panel.weight);
    return static_cast<float>((std::isfinite(loss) ? kLossCost * loss : kForbidden) + kAreaCost * off * off);
  }

  void offer(Kind kind, const std::array<int, 4>& box, const Choice& choice) {
    Choice& known = at(kind, box[0], box[1], box[2], box[3]);
    if (choice.cost < known.cost) known = choice;
  }

  void fill(int from, int length, int width, int height) {
    const std::array<int, 4> box{from, length, width, height};
    if (length == 1) {
      offer(leaf, box, {leaf_cost(from, width, height)});
      return;
    }
    for (int split = 1; split < length; ++split) {
      const int rest = length - split;
      for (int cut = least_rows_; cut + least_rows_ <= height; ++cut)
        for (const Kind first : {leaf, upright, upright_with_across})
          for (const Kind second : {leaf, across, upright, upright_with_across})
            offer(across, box,
                  {at(first, from, split, width, cut).cost +
                       at(second, from + split, rest, width, height - cut).cost,
                   static_cast<std::uint8_t>(split), static_cast<std::uint8_t>(cut), first, second});
      for (int cut = least_columns_; cut + least_columns_ <= width; ++cut)
        for (const Kind first : {leaf, across})
          for (const Kind second : {leaf, across, upright, upright_with_across}) {
            const int crossed = (first == across) + (second == across || second == upright_with_across);
            if (crossed > 1) continue;
            offer(crossed == 1 ? upright_with_across : upright, box,
                  {at(first, from, split, cut, height).cost +
                       at(second, from + split, rest, width - cut, height).cost,
                   static_cast<std::uint8_t>(split), static_cast<std::uint8_t>(cut), first, second});
          }
    }
  }

  void place(Kind kind, int from, int length, int column, int row, int width, int height) {
    if (kind == leaf) {
      const int left = page_.right_to_left ? columns_ - column - width : column;
      PanelBox& box = boxes_[static_cast<std::size_t>(from)];
      box.x = edge_x(left);
      box.y = edge_y(row);
      box.width = edge_x(left + width) - page_.gutter - box.x;
      box.height = edge_y(row + height) - page_.gutter - box.y;
      return;
    }
    const Choice choice = at(kind, from, length, width, height);
    const int split = choice.split, cut = choice.cut;
    if (kind == across) {
      place(choice.first, from, split, column, row, width, cut);
      place(choice.second, from + split, length - split, column, row + cut, width, height - cut);
    } else {
      place(choice.first, from, split, column, row, cut, height);
      place(choice.second, from + split, length - split, column + cut, row, width - cut, height);
    }
  }

  const std::vector<PanelShape>& panels_;
  const PageGeometry page_;
  int count_, columns_ = 0, rows_ = 0, least_columns_ = 0, least_rows_ = 0;
  double weight_ = 0;
  std::vector<Choice> table_;
  std::vector<PanelBox> boxes_;
};

}  // namespace

std::vector<PanelBox> lay_out_page(const std::vector<PanelShape>& panels, const PageGeometry& page) {
  if (panels.empty() || panels.size() > static_cast<std::size_t>(kMostPanels))
    fail("page",
         "a page has 1 to " + std::to_string(kMostPanels) + " panels, not " + std::to_string(panels.size()));
  return Search(panels, page).best();
}

std::vector<int> split_into_pages(int panels, int per_page) {
  const int pages = per_page > 0 ? (panels + per_page - 1) / per_page : panels <= 6 ? 1 : (panels + 4) / 5;
  std::vector<int> counts;
  for (int page = 0; page < pages; ++page) counts.push_back(panels / pages + (page < panels % pages ? 1 : 0));
  return counts;
}

}  // namespace sumi::page
