#include "engine/tiled/regions.h"

#include <algorithm>

#include "engine/error.h"

namespace sumi {
namespace {

using OpKind = ProgramOp::Kind;

// What one side of an op's geometry needs. Rows and columns differ in their pads only.
struct Side {
  std::int64_t kernel = 1, pad = 0, pad_end = 0;
};

Side rows_of(const ProgramOp& op) {
  if (op.kind == OpKind::pad) return {1, op.pad.top, op.pad.bottom};
  if (!op.weight) return {};
  return {op.weight.shape().h, op.conv.pad_top, op.conv.pad_bottom};
}
Side columns_of(const ProgramOp& op) {
  if (op.kind == OpKind::pad) return {1, op.pad.left, op.pad.right};
  if (!op.weight) return {};
  return {op.weight.shape().w, op.conv.pad_left, op.conv.pad_right};
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}
std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return -floor_div(-a, b);
}

// Within [0, size), and not empty: a result that lies on padding alone still needs a tensor.
Span clipped(Span s, std::int64_t size) {
  s.begin = std::clamp<std::int64_t>(s.begin, 0, size - 1);
  s.end = std::clamp<std::int64_t>(s.end, s.begin + 1, size);
  return s;
}

// Padding that a span of the result includes.
struct Pads {
  int begin = 0, end = 0;
};
Pads pads_within(const Span& out, const Side& side, std::int64_t size) {
  return {static_cast<int>(std::max<std::int64_t>(side.pad - out.begin, 0)),
          static_cast<int>(std::max<std::int64_t>(out.end - side.pad - size, 0))};
}

Span conv_taps(const ProgramOp& op, const Side& side, const Span& out) {
  const std::int64_t begin = out.begin * op.conv.stride - side.pad;
  return {begin, (out.end - 1) * op.conv.stride - side.pad + op.conv.dilation * (side.kernel - 1) + 1};
}

Span source_span(const ProgramOp& op, const Side& side, const Span& out, std::int64_t size) {
  switch (op.kind) {
    case OpKind::pad: {
      const Pads pads = pads_within(out, side, size);
      Span in = clipped({out.begin - side.pad, out.end - side.pad}, size);
      // Reflection mirrors the rows next to the edge.
      if (pads.begin > 0) in = {0, std::max<std::int64_t>(in.end, pads.begin + 1)};
      if (pads.end > 0) in = {std::min(in.begin, size - pads.end - 1), size};
      return clipped(in, size);
    }
    case OpKind::resize:  // bilinear: a neighbor on each side
      return clipped({floor_div(out.begin, op.factor) - 1, ceil_div(out.end, op.factor) + 1}, size);
    case OpKind::conv:
      return clipped(conv_taps(op, side, out), size);
    case OpKind::conv_transpose: {
      const std::int64_t reach = op.conv.dilation * (side.kernel - 1);
      return clipped({ceil_div(out.begin + side.pad - reach, op.conv.stride),
                      floor_div(out.end - 1 + side.pad, op.conv.stride) + 1},
                     size);
    }
    default:
      return out;
  }
}

// The padding of a convolution whose input is cut to `in`. Negative pads do not occur: a span that
// lies on padding alone is refused.
Pads conv_pads(const ProgramOp& op, const Side& side, const Span& out, const Span& in) {
  const Span taps = conv_taps(op, side, out);
  if (in.begin < taps.begin || in.end > taps.end) fail("tiles", "a tile lies on padding alone");
  return {static_cast<int>(in.begin - taps.begin), static_cast<int>(taps.end - in.end)};
}

Tensor run_conv(const ProgramOp& op, const Tensor& x, const Region& out, const Region& in) {
  ConvOptions o = op.conv;
  const Pads rows = conv_pads(op, rows_of(op), out.rows, in.rows);
  const Pads columns = conv_pads(op, columns_of(op), out.columns, in.columns);
  o.pad_top = rows.begin;
  o.pad_bottom = rows.end;
  o.pad_left = columns.begin;
  o.pad_right = columns.end;
  return conv2d(x, op.weight, op.bias, o);
}

// Without padding the result begins at in.begin stride - pad. The rows that only output_padding
// adds belong to the last tile.
Span transposed_span(const ProgramOp& op, const Side& side, const Span& in, int extra) {
  const std::int64_t begin = in.begin * op.conv.stride - side.pad;
  return {begin, (in.end - 1) * op.conv.stride - side.pad + op.conv.dilation * (side.kernel - 1) + 1 + extra};
}

Tile run_transposed(const ProgramOp& op, const Tensor& x, const Region& out, const Region& in) {
  ConvOptions o = op.conv;
  o.pad_top = o.pad_bottom = o.pad_left = o.pad_right = 0;
  const auto missing = [&](const Side& side, const Span& to, const Span& from) {
    return std::max<std::int64_t>(to.end - transposed_span(op, side, from, 0).end, 0);
  };
  const int extra = static_cast<int>(
      std::max(missing(rows_of(op), out.rows, in.rows), missing(columns_of(op), out.columns, in.columns)));
  return {conv_transpose2d(x, op.weight, op.bias, o, extra),
          {transposed_span(op, rows_of(op), in.rows, extra),
           transposed_span(op, columns_of(op), in.columns, extra)}};
}

Tile run_pad(const ProgramOp& op, const Tensor& x, const Region& out, const Region& in, const Shape& size) {
  const Side r = rows_of(op), c = columns_of(op);
  const Pads rows = pads_within(out.rows, r, size.h), columns = pads_within(out.columns, c, size.w);
  const PadGeom geom{op.pad.mode, rows.begin, rows.end, columns.begin, columns.end};
  return {geom.any() ? pad2d(x, geom) : x,
          {{in.rows.begin + r.pad - rows.begin, in.rows.end + r.pad + rows.end},
           {in.columns.begin + c.pad - columns.begin, in.columns.end + c.pad + columns.end}}};
}

Tile run_resize(const ProgramOp& op, const Tensor& x, const Region& in) {
  const std::int64_t f = op.factor;
  return {resize2d(x, f * x.shape().h, f * x.shape().w, op.resize),
          {{f * in.rows.begin, f * in.rows.end}, {f * in.columns.begin, f * in.columns.end}}};
}

}  // namespace

Region whole_region(const Shape& s) {
  return {{0, s.h}, {0, s.w}};
}

Region join(const Region& a, const Region& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  const auto both = [](const Span& p, const Span& q) {
    return Span{std::min(p.begin, q.begin), std::max(p.end, q.end)};
  };
  return {both(a.rows, b.rows), both(a.columns, b.columns)};
}

Span part_of(std::int64_t side, std::int64_t index, std::int64_t count) {
  return {side * index / count, side * (index + 1) / count};
}

Region source_region(const ProgramOp& op, const Region& out, const Shape& in) {
  if (out.empty()) return {};
  return {source_span(op, rows_of(op), out.rows, in.h), source_span(op, columns_of(op), out.columns, in.w)};
}

std::int64_t region_macs(const ProgramOp& op, const Region& out, const Shape& in) {
  if (!op.weight) return 0;
  const std::int64_t taps = op.weight.count();
  if (op.kind == OpKind::conv) return out.pixels() * taps;
  return source_region(op, out, in).pixels() * taps;
}

Tensor crop_tile(const Tile& tile, const Region& region) {
  if (tile.region == region) return tile.data;
  const Shape& s = tile.data.shape();
  return slice(
      tile.data,
      {0, region.rows.begin - tile.region.rows.begin, region.columns.begin - tile.region.columns.begin, 0},
      {1, region.rows.size(), region.columns.size(), s.c});
}

Tensor run_region(const ProgramOp& op, const std::vector<Tile>& inputs, const Region& out, const Shape& in,
                  const RunningStats& fixed) {
  const Region source = source_region(op, out, in);
  std::vector<Tensor> x;
  for (const Tile& tile : inputs) x.push_back(crop_tile(tile, source));
  switch (op.kind) {
    case OpKind::pad:
      return crop_tile(run_pad(op, x[0], out, source, in), out);
    case OpKind::resize:
      return crop_tile(run_resize(op, x[0], source), out);
    case OpKind::conv:
      return run_conv(op, x[0], out, source);
    case OpKind::conv_transpose:
      return crop_tile(run_transposed(op, x[0], out, source), out);
    case OpKind::norm:
      return normalize(x[0], op.gamma, op.beta, op.norm, op.fixed.mean ? &op.fixed : &fixed, false);
    case OpKind::unary:
      return unary(op.act, x[0], op.alpha);
    case OpKind::add:
      return add(x[0], x[1]);
    case OpKind::concat:
      return concat(x, 3);
    case OpKind::cast:
      return cast(x[0], op.dtype);
  }
  fail("tiles", "unknown operation");
}

}  // namespace sumi
