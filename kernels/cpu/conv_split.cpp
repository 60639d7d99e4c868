#include "kernels/cpu/conv_split.h"

#include <numeric>

namespace sumi::kernels::cpu {
namespace {

// The piece with rows [begin, end) of the written tensor (wgrad: of y), of images [image, image +
// images). Returns false if that is not a convolution itself: with a stride above the filter's size
// some rows have no counterpart.
bool make_piece(Direction d, const ConvGeom& g, i64 image, i64 images, i64 begin, i64 end, ConvPiece& piece) {
  ConvGeom& part = piece.geom = g;
  part.n = images;
  const i64 reach = (g.r - 1) * g.o.dilation, stride = g.o.stride, pad = g.o.pad_top;
  i64 h0 = 0, p0 = 0;
  if (d == Direction::dgrad) {
    h0 = begin;
    p0 = std::clamp<i64>((begin + pad - reach + stride - 1) / stride, 0, g.p);
    if (begin + pad - reach < 0) p0 = 0;
    part.h = end - begin;
    part.p = std::min((end - 1 + pad) / stride + 1, g.p) - p0;
  } else {
    p0 = begin;
    h0 = std::max<i64>(begin * stride - pad, 0);
    part.h = std::min((end - 1) * stride - pad + reach + 1, g.h) - h0;
    part.p = end - begin;
  }
  const i64 top = pad + h0 - p0 * stride;
  const i64 bottom = (part.p - 1) * stride + reach + 1 - part.h - top;
  part.o.pad_top = static_cast<int>(top);
  part.o.pad_bottom = static_cast<int>(bottom);
  piece.x = (image * g.h + h0) * g.w * g.c;
  piece.y = (image * g.p + p0) * g.q * g.k;
  return part.p > 0 && part.h > 0 && top >= 0 && top <= reach && bottom <= reach;
}

}  // namespace

std::vector<ConvPiece> split_conv(Direction d, const ConvGeom& g, int threads) {
  const std::vector<ConvPiece> whole{{g, 0, 0}};
  if (threads == 1 || g.macs() < 16 * parallel_threshold) return whole;
  const i64 t = threads, rows = d == Direction::dgrad ? g.h : g.p;
  // Whole images if that divides the work evenly enough, else rows of each image.
  i64 parts = std::min(g.n, t), cuts = 1;
  if (g.n == 1 || (d != Direction::wgrad && g.n < 4 * t && g.n % t != 0)) {
    const i64 least =
        std::max<i64>(4 * g.o.stride, g.r * g.o.dilation);  // with fewer rows the halos cost too
                                                            // much
    cuts = std::clamp<i64>(std::min(t / std::gcd(g.n, t), rows / least), 1, rows);
    if (cuts > 1) parts = g.n;
  }
  std::vector<ConvPiece> pieces(static_cast<std::size_t>(parts * cuts));
  for (i64 i = 0; i < parts; ++i)
    for (i64 cut = 0; cut < cuts; ++cut) {
      ConvPiece& piece = pieces[static_cast<std::size_t>(i * cuts + cut)];
      const i64 image = g.n * i / parts, images = g.n * (i + 1) / parts - image;
      if (cuts == 1) {
        piece = {g, image * g.h * g.w * g.c, image * g.p * g.q * g.k};
        piece.geom.n = images;
      } else if (!make_piece(d, g, image, images, rows * cut / cuts, rows * (cut + 1) / cuts, piece)) {
        return whole;
      }
    }
  return pieces;
}

}  // namespace sumi::kernels::cpu
