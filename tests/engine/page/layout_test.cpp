// Panels of a page: random trials of what every layout must hold.
#include "engine/page/layout.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/support.h"

using namespace sumi;
using page::PanelBox;

namespace {

// Loss of a panel whose image has this aspect.
page::PanelShape panel_shape(double aspect, double weight = 1) {
  return {[aspect](double other) { return std::abs(std::log2(other / aspect)); }, weight};
}

bool panels_apart(const PanelBox& a, const PanelBox& b, int gutter) {
  return a.x + a.width + gutter <= b.x || b.x + b.width + gutter <= a.x || a.y + a.height + gutter <= b.y ||
         b.y + b.height + gutter <= a.y;
}

// Reads b after a: lower, or further in the direction of reading.
bool panel_reads_after(const PanelBox& a, const PanelBox& b, bool right_to_left) {
  if (b.y >= a.y + a.height) return true;
  return right_to_left ? b.x + b.width <= a.x : b.x >= a.x + a.width;
}

}  // namespace

TEST_CASE("page layout: panels tile the page, with equal gutters, in reading order") {
  std::mt19937 random(7);
  const auto number = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  for (int trial = 0; trial < 60; ++trial) {
    CAPTURE(trial);
    page::PageGeometry page;
    page.width = static_cast<int>(number(300, 2000));
    page.height = static_cast<int>(number(300, 2000));
    page.margin = static_cast<int>(number(0, 40));
    page.gutter = static_cast<int>(number(0, 20));
    page.header = trial % 3 == 0 ? 30 : 0;
    page.right_to_left = trial % 2 == 1;
    std::vector<page::PanelShape> shapes;
    const int count = 1 + trial % 9;
    for (int i = 0; i < count; ++i)
      shapes.push_back(panel_shape(std::exp2(number(-1.2, 1.2)), number(0.7, 2)));
    const std::vector<PanelBox> boxes = page::lay_out_page(shapes, page);
    REQUIRE(boxes.size() == shapes.size());
    // With half a gutter added on each side, the boxes fill the inside without a rest: their areas
    // add up to its area, and they are apart.
    long long area = 0;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const PanelBox& box = boxes[i];
      CHECK(box.x >= page.margin);
      CHECK(box.y >= page.margin + page.header);
      CHECK(box.x + box.width <= page.width - page.margin);
      CHECK(box.y + box.height <= page.height - page.margin);
      area += static_cast<long long>(box.width + page.gutter) * (box.height + page.gutter);
      for (std::size_t k = i + 1; k < boxes.size(); ++k) {
        CHECK(panels_apart(box, boxes[k], page.gutter));
        CHECK(panel_reads_after(box, boxes[k], page.right_to_left));
      }
    }
    CHECK(area == static_cast<long long>(page.width - 2 * page.margin + page.gutter) *
                      (page.height - 2 * page.margin - page.header + page.gutter));
  }
}

TEST_CASE("page layout: shapes and weights decide") {
  page::PageGeometry page{1000, 1000, 20, 10, 0, false};
  // Two wide images lie below each other, two upright ones side by side.
  std::vector<PanelBox> boxes = page::lay_out_page({panel_shape(2), panel_shape(2)}, page);
  CHECK(boxes[0].width == 960);
  CHECK(boxes[0].x == boxes[1].x);
  boxes = page::lay_out_page({panel_shape(0.5), panel_shape(0.5)}, page);
  CHECK(boxes[0].height == 960);
  CHECK(boxes[0].x < boxes[1].x);
  page.right_to_left = true;
  boxes = page::lay_out_page({panel_shape(0.5), panel_shape(0.5)}, page);
  CHECK(boxes[0].x > boxes[1].x);
  const page::PanelShape any{[](double) { return 0.0; }, 1};
  page::PanelShape large = any;
  large.weight = 3;
  boxes = page::lay_out_page({any, large}, page);
  CHECK(boxes[1].width * boxes[1].height > 2 * boxes[0].width * boxes[0].height);
}

TEST_CASE("page layout: an impossible shape is avoided where there is another") {
  const page::PageGeometry page{900, 1200, 20, 10, 0, false};
  const double infinite = std::numeric_limits<double>::infinity();
  const page::PanelShape upright{[=](double aspect) { return aspect > 0.8 ? infinite : 0.0; }, 1};
  for (int count = 2; count <= 4; ++count)
    for (const PanelBox& box : page::lay_out_page(std::vector<page::PanelShape>(count, upright), page))
      CHECK(box.width <= 0.8 * box.height);
}

TEST_CASE("page layout: pages are filled evenly, and what does not fit is named") {
  CHECK(page::split_into_pages(1, 0) == std::vector<int>{1});
  CHECK(page::split_into_pages(6, 0) == std::vector<int>{6});
  CHECK(page::split_into_pages(7, 0) == std::vector<int>{4, 3});
  CHECK(page::split_into_pages(12, 0) == std::vector<int>{4, 4, 4});
  CHECK(page::split_into_pages(7, 3) == std::vector<int>{3, 2, 2});
  const std::vector<page::PanelShape> many(13, panel_shape(1));
  CHECK(test::has(test::error_of([&] {
                    page::lay_out_page(many, {900, 1200, 20, 10, 0, false});
                  }),
                  "not 13"));
  CHECK(test::has(test::error_of([&] {
                    page::lay_out_page({panel_shape(1)}, {50, 50, 20, 10, 0, false});
                  }),
                  "too small"));
}
