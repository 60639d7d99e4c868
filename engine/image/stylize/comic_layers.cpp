#include "engine/image/stylize/comic_layers.h"

#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"

namespace sumi::stylize {

void apply_affine(Plane& channel, const Plane& scale, const Plane& shift) {
  change(
      channel, [](float x, float a, float b) { return clamp(x * (1.0F + a) + b, 0.0F, 1.0F); }, scale, shift);
}

Plane line_alpha(const Plane& logit, float gain, float strength) {
  return map(
      [gain, strength](float l) {
        return clamp(strength / (1.0F + exp_fast(-gain * (4.0F * l - 2.0F))), 0.0F, 1.0F);
      },
      logit);
}

void add_share(Rgb& sum, const Rgb& x, float share) {
  const auto add = [share](float s, float v) { return s + share * v; };
  change(sum.red, add, x.red);
  change(sum.green, add, x.green);
  change(sum.blue, add, x.blue);
}

Rgb line_art(const Plane& line) {
  Rgb image;
  image.red = map([](float alpha) { return 1.0F - alpha; }, line);
  image.green = image.red.copy();
  image.blue = image.red.copy();
  return image;
}

}  // namespace sumi::stylize
