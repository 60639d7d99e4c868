// Plots of loss curves.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "engine/image/rgb.h"

namespace sumi {

struct Series {
  std::string name;            // for the legend
  std::vector<double> xs, ys;  // equal counts; non-finite values leave a gap
  std::optional<Rgb> color;    // by position if absent
};

struct PlotOptions {
  int width = 900, height = 600;
  std::string x_label = "step";
  // width of the moving average as a fraction of the series; 0 draws the raw line only
  double smoothing = 0.04;
};

// Panels below each other with a common x axis: ticks, numbers, a legend; per series a smoothed
// line over the raw one. The y range excludes the most extreme percent, so that one spike does not
// flatten the rest. Without a font on the system (DejaVu, Liberation, Noto or Free Sans and the
// like) there is no text. Throws Error if xs and ys have different lengths.
Image8 draw_curves(const std::string& title, const std::vector<std::vector<Series>>& panels,
                   const PlotOptions& options = {});

// Writes the plot to a file, atomically; the extension selects the format.
void plot_curves(const std::filesystem::path& path, const std::string& title,
                 const std::vector<std::vector<Series>>& panels, const PlotOptions& options = {});

}  // namespace sumi
