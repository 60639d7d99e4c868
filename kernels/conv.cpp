#include "kernels/conv.h"

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

}  // namespace sumi::kernels
