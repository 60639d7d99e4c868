// Stylization of images of any size: the processing around the stylizer's network.
//
//   levels    the photograph after its level curve (engine/image/stylize/auto_levels.h); the only
//             step that needs the whole image
//   small     the network runs at a working size, which determines how coarse the drawing is
//   layers    its coefficients and line logits are enlarged by cubic interpolation and applied to
//             the photograph at full size
//   finish    cel steps, ink, screens and paper of each style
//             (engine/image/stylize/comic_finish.h)
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/image/photo.h"
#include "engine/image/stylize/plane.h"
#include "models/inference/comic_hold.h"
#include "models/stylizer.h"

namespace sumi {

// Output: the finished drawing, or one of its layers alone. Lines are black on white.
enum class ComicLayer : std::uint8_t { drawing, flat, line };

struct ComicOptions {
  ComicLayer layer = ComicLayer::drawing;
  std::vector<double> weights;  // one for each of the model's styles; sum 1 (style_mixture())
  double line_strength = 1;     // opacity of lines: 0 none, 1 the style's own, up to 2
  int levels = -1;              // levels of lightness; 0: continuous, -1: the style's own
  int short_side = 0;           // of the working size in pixels; 0: that of the image up to 720, else 600
  int tile = 512;               // side of the square tiles without their halo; a multiple of 4
  bool raw = false;             // the last weights instead of their EMA
  ComicHold* hold = nullptr;    // of a clip: read and updated
  bool hands = false;           // of ComicDrawing: the lines of all of the model's hands
  // Short side of an image that lengths refer to, as StyleOptions::side. The network sees the image
  // at the scale at which it would see one of that side.
  int side = 0;
};

// {width, height} at which the network sees an image. Images are never enlarged.
std::pair<int, int> working_size(int width, int height, int short_side);

// ComicNetwork's seven planes for an image in 0..1, and with ComicOptions::hands the lines of its
// further hands. Tiles overlap by the network's halo, so tiling does not change the result.
std::vector<stylize::Plane> comic_coefficients(Stylizer& model, const stylize::Rgb& picture,
                                               const ComicOptions& options);

// The drawing of one photograph, for images that differ in their lines alone (sumi animate). Model
// and photograph must outlive it. Errors as comic_picture()'s.
class ComicDrawing {
 public:
  ComicDrawing(Stylizer& model, const Photo& photo, const ComicOptions& options);
  ComicDrawing(const ComicDrawing&) = delete;
  ComicDrawing& operator=(const ComicDrawing&) = delete;
  ~ComicDrawing();

  // The network's plane of the lines at the working size: cover = sigmoid(4 x - 2).
  const stylize::Plane& line() const { return line(0); }
  // Those of a hand: 0 draws the still, others below hands().
  const stylize::Plane& line(int hand) const;
  int hands() const;
  // The drawing with another plane of lines, of line()'s size. With line() itself it is
  // comic_picture()'s result.
  Photo draw(const stylize::Plane& line) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Stylizes a photograph; the result has the same size, depth and alpha. Works in bands of rows, so
// that the memory beside input and output is bounded. Throws Error "[convert] ..." if the network
// produces NaN or infinity.
Photo comic_picture(Stylizer& model, const Photo& photo, const ComicOptions& options);

}  // namespace sumi
