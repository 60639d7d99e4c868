#include "kernels/conv.h"

#include "kernels/base/problem_string.h"

namespace sumi::kernels {
namespace {

[[noreturn]] void bad_channels(const char* op, const Shape& x, const Shape& w, std::int64_t expected) {
  fail(op, "weight " + w.str() + " (KRSC) expects " + std::to_string(expected) + " input channels, but x " +
               x.str() + " (NHWC) has " + std::to_string(x.c));
}

void check_options(const char* op, const Shape& w, const ConvOptions& o) {
  if (o.stride < 1 || o.dilation < 1 || o.groups < 1 || w.n < 1 || w.h < 1 || w.w < 1 || w.c < 1)
    fail(op, "stride, dilation, groups and every size of the weight " + w.str() + " must be at least 1");
  if (o.pad_top < 0 || o.pad_bottom < 0 || o.pad_left < 0 || o.pad_right < 0) fail(op, "negative padding");
  if (w.n % o.groups != 0)
    fail(op,
         std::to_string(o.groups) + " groups do not divide the weight's " + std::to_string(w.n) + " filters");
}

std::int64_t out_size(std::int64_t in, std::int64_t before, std::int64_t after, std::int64_t filter,
                      const ConvOptions& o) {
  const std::int64_t room = in + before + after - o.dilation * (filter - 1) - 1;
  return room < 0 ? 0 : room / o.stride + 1;
}

}  // namespace

ConvGeom ConvGeom::make(const char* op, const Shape& x, const Shape& w, const ConvOptions& o) {
  check_options(op, w, o);
  if (x.c != w.c * o.groups) bad_channels(op, x, w, w.c * o.groups);
  ConvGeom g{x.n, x.h, x.w, x.c, w.n, w.h, w.w, 0, 0, o};
  g.p = out_size(x.h, o.pad_top, o.pad_bottom, w.h, o);
  g.q = out_size(x.w, o.pad_left, o.pad_right, w.w, o);
  if (g.p < 1 || g.q < 1 || x.n < 1)
    fail(op, "x " + x.str() + " (NHWC) is smaller than the filter of weight " + w.str() +
                 " (KRSC) with its padding");
  return g;
}

ConvGeom ConvGeom::make_transpose(const char* op, const Shape& x, const Shape& w, const ConvOptions& o,
                                  int output_padding) {
  check_options(op, w, o);
  if (x.c != w.n) bad_channels(op, x, w, w.n);
  if (output_padding < 0 || output_padding >= o.stride)
    fail(op, "output padding " + std::to_string(output_padding) + " must be smaller than the stride " +
                 std::to_string(o.stride));
  ConvGeom g{x.n, 0, 0, w.c * o.groups, w.n, w.h, w.w, x.h, x.w, o, true};
  g.h = (x.h - 1) * o.stride - o.pad_top - o.pad_bottom + o.dilation * (w.h - 1) + 1 + output_padding;
  g.w = (x.w - 1) * o.stride - o.pad_left - o.pad_right + o.dilation * (w.w - 1) + 1 + output_padding;
  if (g.h < 1 || g.w < 1 || x.count() < 1)
    fail(op, "x " + x.str() + " (NHWC) with weight " + w.str() + " gives an empty output");
  return g;
}

std::string ConvGeom::str() const {
  auto pair = [](const char* name, std::int64_t v) { return name + std::to_string(v); };
  std::string text = pair("n", n) + pair("h", h) + pair("w", w) + pair("c", c) + pair("k", k) + pair("r", r) +
                     pair("s", s) + pair("u", o.stride) + pair("p", o.pad_top);
  if (o.pad_bottom != o.pad_top || o.pad_left != o.pad_top || o.pad_right != o.pad_top)
    text += pair(":", o.pad_bottom) + pair(":", o.pad_left) + pair(":", o.pad_right);
  if (o.dilation != 1) text += pair("d", o.dilation);
  if (o.groups != 1) text += pair("g", o.groups);
  return text;
}

ConvGeom ConvGeom::parse(const std::string& where, const std::string& text, bool transposed) {
  const ProblemString t(where, text, "nhwckrsupdg", "p");
  const std::int64_t n = t.need('n'), h = t.need('h'), w = t.need('w'), c = t.need('c'), k = t.need('k');
  const std::int64_t r = t.need('r'), s = t.need('s');
  const auto pads = t.quad('p');
  const auto small = [](std::int64_t v) { return static_cast<int>(v); };
  const ConvOptions o{small(t.get('u', 1)), small(pads[0]),       small(pads[1]),      small(pads[2]),
                      small(pads[3]),       small(t.get('d', 1)), small(t.get('g', 1))};
  if (c % o.groups != 0)
    t.refuse("'g' is " + std::to_string(o.groups) + ", which does not divide 'c', " + std::to_string(c));
  if (k % o.groups != 0)
    t.refuse("'g' is " + std::to_string(o.groups) + ", which does not divide 'k', " + std::to_string(k));
  const auto check_filter = [&](char size, std::int64_t in, std::int64_t before, std::int64_t after, char tap,
                                std::int64_t taps) {
    if (o.dilation * (taps - 1) + 1 > in + before + after)
      t.refuse(std::string("'") + tap + "', the filter's size, is larger than '" + size +
               "' with its padding");
  };
  check_filter('h', h, pads[0], pads[1], 'r', r);
  check_filter('w', w, pads[2], pads[3], 's', s);
  check_count(where, "x", {n, h, w, c});
  check_count(where, "the weight", {k, r, s, c / o.groups});
  ConvGeom g = make(where.c_str(), {n, h, w, c}, {k, r, s, c / o.groups}, o);
  check_count(where, "y", {n, g.p, g.q, k});
  g.transposed = transposed;
  return g;
}

}  // namespace sumi::kernels
