// Curves of losses as a picture.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image.h"

namespace sumi {

using Rgb = std::array<std::uint8_t, 3>;

struct Series {
  std::string name;            // in the legend
  std::vector<double> xs, ys;  // as many of one as of the other; not-finite values leave a gap
  std::optional<Rgb> color;    // by position if absent
};

struct PlotOptions {
  int width = 900, height = 600;
  std::string x_label = "step";
  double smoothing = 0.04;  // width of the moving average as a part of the series; 0 draws the raw line only
};

// Panels one below the other with a common x axis: ticks, numbers, a legend; per series a smooth line over
// the raw one. The y range leaves out the most extreme percent, so that one spike does not flatten the rest.
// Without a font on the system (DejaVu, Liberation, Noto or Free Sans and the like) there is no text. Error for xs and ys of
// different lengths.
Image8 draw_curves(const std::string& title, const std::vector<std::vector<Series>>& panels,
                   const PlotOptions& options = {});

// The same as a file, replaced atomically; the format follows the extension.
void plot_curves(const std::filesystem::path& path, const std::string& title,
                 const std::vector<std::vector<Series>>& panels, const PlotOptions& options = {});

}  // namespace sumi
