#include <algorithm>
#include <cmath>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/kuwahara.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/resize.h"

namespace sumi::stylize {
namespace {

Plane distance(const Lab& p, const Lab& q) {
  return map([](float L, float a, float b, float M, float c,
                float d) { return std::sqrt(square(L - M) + square(a - c) + square(b - d)); },
             p.L, p.a, p.b, q.L, q.a, q.b);
}

}  // namespace

Plane missed_paint(const Front& front, const Lab& coarse, const Lab& fine, float low, float high,
                   const Plane& keep) {
  const auto cover = [low, high](float e, float busy, float least) {
    const float m = smoothstep(low, high, e * (1.0F - 0.35F * busy));
    return m > least ? m : least;
  };
  return blur(map(cover, blur(distance(fine, coarse), 1.2F * front.s), front.busy, keep), front.s);
}

Lab painted_flat(const Front& front) {
  constexpr float kBrush = 11, kDetail = 4.5F;  // radii at scale 1
  const float s = front.s;
  const Lab half = halve(front.lab);
  const Lab coarse = resize_linear(
      kuwahara(half, tensor_flow(half.L, s / 2, kPaintFlow), kBrush * s / 2, KuwaharaRings::three),
      front.lab.width(), front.lab.height());
  const Lab fine =
      kuwahara(blur(front.lab, 0.3F * s), tensor_flow(blur(front.lab.L, 0.3F * s), s, kPaintFlow),
               kDetail * s, KuwaharaRings::two);
  Plane keep = map([](float skin) { return 0.5F * skin; }, front.skin);
  if (!front.face.empty())
    change(
        keep, [](float k, float face) { return std::max(k, 0.8F * face); }, front.face);
  const Lab paint = mixed(coarse, fine, missed_paint(front, coarse, fine, 7, 20, keep));
  const auto amount = [](float tex, float lost) {
    const float a = clamp(1.6F * tex, 0.0F, 1.0F), b = smoothstep(1.5F, 5.0F, lost);
    return a > b ? a : b;
  };
  return mixed(front.flat, paint, map(amount, front.tex, blur(distance(paint, front.flat), s)));
}

}  // namespace sumi::stylize
