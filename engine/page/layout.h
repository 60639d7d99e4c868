// Panels of a comic page: rows and columns whose shapes follow those of the images.
//
// A page is a slicing tree: its box is cut across or upright, and so are the parts, until each part
// is a panel. In reading order the leaves are the images in their order. The best tree and its cuts
// are found exactly, on a grid of the page, by dynamic programming over runs of images and sizes of
// boxes, as for the areas of a floor plan (Stockmeyer, "Optimal orientations of cells in slicing
// floorplan designs", 1983).
#pragma once

#include <functional>
#include <vector>

namespace sumi::page {

// One panel's needs.
struct PanelShape {
  // Loss of an image cropped to width / height `aspect`, from 0. Infinite: not possible.
  std::function<double(double aspect)> loss;
  double weight = 1;  // area wanted, relative to the other panels'
};

struct PageGeometry {
  int width = 0, height = 0;   // pixels
  int margin = 0, gutter = 0;  // pixels
  int header = 0;              // pixels between the upper margin and the panels
  bool right_to_left = false;  // reading order within a row
};

// In pixels of the page.
struct PanelBox {
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const PanelBox&) const = default;
};

constexpr int kMostPanels = 12;  // on a page

// Boxes of 1 to kMostPanels panels. They tile the page within its margins, with `gutter` between
// neighbors. An upright cut has at most one side that is cut across again, so that the order of
// reading is plain. Where no tiling suits an image (a loss that is infinite everywhere), its box is
// as if the loss were large: the caller shrinks the panel within it. Throws Error "[page] ..." for
// a page too small for its panels.
std::vector<PanelBox> lay_out_page(const std::vector<PanelShape>& panels, const PageGeometry& page);

// The number of panels of each page: `per_page` at most, pages as equal as possible, fuller ones
// first. per_page 0: up to six on one page, and then about five a page.
std::vector<int> split_into_pages(int panels, int per_page);

}  // namespace sumi::page
