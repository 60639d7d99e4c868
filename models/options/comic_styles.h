// The styles of a stylizer: names, sources of their teachers, and the ink of their lines.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace sumi {

// Line rendering of a style: the color (sRGB, 0..1), and the coverage at a line strength of 1.
struct ComicInk {
  std::array<double, 3> color;
  double opacity;
};
// The ink of a style by name; near black for an unknown style.
ComicInk comic_ink(const std::string& style);

// One --styles entry NAME=SOURCE: a folder of teachers or the name of a filter. NAME alone stands
// for NAME=NAME.
struct StyleSource {
  std::string name, source;
};
// Parses "ink=FOLDER,wash", keeping the order. Empty for "". Throws Error "[OPTION] ..." for an
// empty source, and for a name that is empty, repeated, or has characters other than letters,
// digits, - and _.
std::vector<StyleSource> style_sources(const std::string& list, const std::string& option = "--styles");

// Parses a mixture of styles, "ink" or "ink:0.6,wash:0.4", as weights that sum to 1 in the order of
// `known`. Throws Error "[--style] ..." for an unknown style, listing the known ones, and for
// weights that are negative or all 0.
std::vector<double> style_mixture(const std::string& text, const std::vector<std::string>& known);

}  // namespace sumi
