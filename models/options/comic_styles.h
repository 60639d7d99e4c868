// The styles of a stylizer: their names, where their teachers come from, and the ink of their lines.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace sumi {

// What stands outside of the network for a style: the color of its lines (sRGB, 0..1), and how much they cover at a line
// strength of 1.
struct ComicInk {
  std::array<double, 3> color;
  double opacity;
};
// Of a style by name; near black for one that sumi does not know.
ComicInk comic_ink(const std::string& style);

// One --style NAME=SOURCE: a folder of teachers, or a filter's name (then NAME alone stands for NAME=NAME).
struct StyleSource {
  std::string name, source;
};
// "ink=FOLDER,wash": in this order. Empty for "". Error "[OPTION] ..." for a name that is empty, given twice, or has other characters than
// letters, digits, - and _, and for an empty source.
std::vector<StyleSource> style_sources(const std::string& list, const std::string& option = "--styles");

// How much of each style: "ink", or "ink:0.6,wash:0.4", as weights that sum to 1 in the order of `known`. Error
// "[--style] ..." for a style that is not known, with those that are, and for weights that are negative or all 0.
std::vector<double> style_mixture(const std::string& text, const std::vector<std::string>& known);

}  // namespace sumi
