// Figures of single images, and of pairs of a photograph and its translation. The formulas are
// those of scripts/judge_stylizer.py, which the test of these functions compares them with. Luma is
// in 8-bit levels; borders are mirrored without repeating the edge.
#pragma once

#include <cstddef>

#include "engine/image/image.h"

namespace sumi {

// The style of an image of 1 or 3 channels.
struct StyleFigures {
  // Root mean square distance of the pixels to their mean color in CIELAB.
  double color_contrast = 0;
  // Share of pixels whose gradient of luma (Sobel / 8) is below one level.
  double flatness = 0;
  // Mean of the black top-hat of luma over 5x5 pixels (closing minus image): dark strokes that are
  // up to four pixels wide, in levels.
  double line_strength = 0;
  // Mean magnitude of luma's 2x2 checkerboard, in levels.
  double checkerboard = 0;
};
StyleFigures style_figures(const Image8& image);

// Structural similarity of luma (Wang 2004) with a Gaussian window of 1.5 pixels: 1 for equal
// images. Throws Error for images of different sizes.
double ssim(const Image8& a, const Image8& b);

// Median over the pixels of the distance in CIELAB's (a, b). Throws Error as above.
double chroma_shift(const Image8& a, const Image8& b);

// Canny's edges (engine/image/edges.h, thresholds 100 and 200) that both images have within two
// pixels.
struct EdgeCounts {
  std::size_t matched_a = 0, all_a = 0;  // a's edges that b has, and all of them
  std::size_t matched_b = 0, all_b = 0;
  EdgeCounts& operator+=(const EdgeCounts& other);
  // Harmonic mean of the two shares; 1 without any edge.
  double f1() const;
};
EdgeCounts edge_counts(const Image8& a, const Image8& b);

// Mean absolute difference of the levels. Throws Error for different sizes or channels.
double mean_difference(const Image8& a, const Image8& b);

}  // namespace sumi
