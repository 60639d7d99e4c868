// Line boil: the moments of a drawing whose lines were redrawn by hand. Each moment moves the line
// layer by a smooth random field, and its threshold by a second one, so that strokes swell and
// thin. Pixels away from every line keep their values to the bit.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/image/stylize/plane.h"

namespace sumi::animate {

// Scale of a line layer's values.
enum class LineScale : std::uint8_t {
  cover,       // 0..1
  logit,       // of the stylizer: cover = sigmoid(4 x - 2)
  difference,  // what a line adds to the levels of the picture; 0: nothing
};

struct BoilOptions {
  float amount = 1;  // of displacement and threshold; 1: as a hand redraws
  std::uint64_t seed = 0;
  const stylize::Plane* calm = nullptr;  // 0..1, of the layer's shape: half the amount at 1 (faces)
};

// The random fields of one moment, for layers of width x height.
struct BoilField {
  stylize::Plane dx, dy;  // pixels
  stylize::Plane swell;   // normal, deviation 1 times the amount
};
// Moments of different numbers are independent; the same seed and number give the same field. One
// random vector for each 28 pixels and a displacement of 1.3 pixels, at a short side of 360.
BoilField boil_field(int width, int height, int moment, const BoilOptions& options);

// The line of another hand than `still`'s, of one size: itself, and in faces (`calm`, as
// BoilOptions) half of the way to it.
stylize::Plane calmed_hand(const stylize::Plane& still, const stylize::Plane& drawn,
                           const stylize::Plane* calm);

// Pixels that a moment may change: 1 near lines, 0 where every line is farther than any field
// reaches, with a soft border.
stylize::Plane line_reach(const stylize::Plane& line, LineScale scale);
// The same near the lines of any of several hands, one or more, of one size, not as a difference.
stylize::Plane line_reach(const std::vector<stylize::Plane>& hands, LineScale scale);

// The line layer of a moment. Where `reach` is 0 the result is `line` to the bit. `drawn` is the
// layer that moves: `line` itself, or another hand's of the same size.
stylize::Plane boiled(const stylize::Plane& line, const stylize::Plane& drawn, const BoilField& field,
                      const stylize::Plane& reach, LineScale scale);

}  // namespace sumi::animate
