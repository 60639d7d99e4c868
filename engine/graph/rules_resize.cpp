// Resize and Upsample. Where the engine's own sampling agrees with the file's, its op is used;
// other coordinates are a product with a matrix of weights along each axis.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "engine/graph/lowering.h"
#include "engine/graph/rules.h"

namespace sumi::graph {
namespace {

using Kind = Step::Kind;
using Values = std::vector<Value>;

struct Sampling {
  std::string mode, coordinates, rounding;
  double cubic = -0.75;  // the coefficient of cubic interpolation
};

// Along one axis.
struct Side {
  std::int64_t in = 1, out = 1;
  double scale = 1;
};

double position(const Sampling& s, const Side& side, std::int64_t i) {
  const double x = double(i);
  if (s.coordinates == "asymmetric") return x / side.scale;
  if (s.coordinates == "align_corners") {
    const double length = side.scale * double(side.in);  // before rounding
    return side.out == 1 ? 0 : x * double(side.in - 1) / (length - 1);
  }
  if (s.coordinates == "pytorch_half_pixel" && side.out == 1) return 0;
  if (s.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / side.scale;
  return (x + 0.5) / side.scale - 0.5;
}

std::int64_t nearest(const Sampling& s, const Side& side, std::int64_t i) {
  const double x = position(s, side, i);
  double at = std::floor(x);
  if (s.rounding == "ceil") at = std::ceil(x);
  if (s.rounding == "round_prefer_floor") at = std::ceil(x - 0.5);
  if (s.rounding == "round_prefer_ceil") at = std::floor(x + 0.5);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(at), 0, side.in - 1);
}

// Keys' kernel: 1 at 0, 0 at other whole numbers and beyond 2.
double cubic_weight(double distance, double a) {
  const double t = std::abs(distance);
  if (t >= 2) return 0;
  return t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
}

bool is_engine_nearest(const Sampling& s, const Side& side) {
  for (std::int64_t i = 0; i < side.out; ++i)
    if (nearest(s, side, i) != i * side.in / side.out) return false;
  return true;
}

// The matrix [out, in] of an axis' weights.
std::vector<float> weights_of(const Sampling& s, const Side& side) {
  std::vector<float> w(static_cast<std::size_t>(side.out * side.in), 0.0F);
  for (std::int64_t i = 0; i < side.out; ++i) {
    const auto row = static_cast<std::size_t>(i * side.in);
    if (s.mode == "nearest") {
      w[row + static_cast<std::size_t>(nearest(s, side, i))] = 1;
      continue;
    }
    const double x = position(s, side, i), first = std::floor(x);
    const auto tap = [&](double at) {
      return row + static_cast<std::size_t>(
                       std::clamp<std::int64_t>(static_cast<std::int64_t>(at), 0, side.in - 1));
    };
    if (s.mode == "cubic") {
      for (int k = -1; k <= 2; ++k)
        w[tap(first + k)] += static_cast<float>(cubic_weight(x - first - k, s.cubic));
      continue;
    }
    w[tap(first)] += static_cast<float>(1 - (x - first));
    w[tap(first + 1)] += static_cast<float>(x - first);
  }
  return w;
}

ResizeGeom engine_geometry(const Sampling& s) {
  ResizeGeom g;
  g.mode = s.mode == "nearest" ? ResizeMode::nearest : ResizeMode::bilinear;
  g.coords = s.coordinates == "align_corners" ? ResizeCoords::align_corners
             : s.coordinates == "asymmetric"  ? ResizeCoords::asymmetric
                                              : ResizeCoords::half_pixel;
  return g;
}

// The scale is the ratio of the sizes.
bool is_plain(const Side& side) {
  return std::abs(side.scale * double(side.in) - double(side.out)) < 1e-6 * double(side.out);
}

bool engine_agrees(const Sampling& s, const Side& side) {
  if (s.mode == "cubic") return false;
  if (s.mode == "nearest") return is_engine_nearest(s, side);
  return is_plain(side) && s.coordinates != "tf_half_pixel_for_nn" &&
         !(s.coordinates == "pytorch_half_pixel" && side.out == 1 && side.in > 1);
}

// x [1,h,w,c] with height or width multiplied by the matrix.
int along_axis(NodeContext& c, int x, const Sampling& s, const Side& side, bool height) {
  const Shape shape = c.builder.shape(x);
  const std::int64_t batch = height ? shape.n : shape.n * shape.h;
  if (!(double(side.in) * double(side.out) * double(batch) <= double(1 << 26)))
    c.refuse("has sampling that sumi does for small images only");
  c.builder.spend(side.in * side.out * batch);
  std::vector<float> w = weights_of(s, side);
  Step view, product, back;
  view.kind = back.kind = Kind::reshape;
  view.inputs = {x};
  view.shape = {batch, side.in, 1, height ? shape.w * shape.c : shape.c};
  product.kind = Kind::batched;
  Step matrix;
  matrix.shape = {batch, side.out, 1, side.in};
  std::vector<float> all;
  for (std::int64_t i = 0; i < batch; ++i) all.insert(all.end(), w.begin(), w.end());
  matrix.weight = c.builder.tensor(all, matrix.shape);
  product.inputs = {c.builder.emit(std::move(matrix)), c.builder.emit(std::move(view))};
  product.shape = {batch, side.out, 1, height ? shape.w * shape.c : shape.c};
  back.shape =
      height ? Shape{shape.n, side.out, shape.w, shape.c} : Shape{shape.n, shape.h, side.out, shape.c};
  back.inputs = {c.builder.emit(std::move(product))};
  return c.builder.emit(std::move(back));
}

// Channels to blocks of b x b pixels: a transposed convolution with weights 0 and 1, exact.
int spread_channels(NodeContext& c, int x, std::int64_t b, bool column_first) {
  const Shape from = c.builder.shape(x);
  const std::int64_t out = from.c / (b * b);
  const Shape weight{from.c, b, b, column_first ? 1 : out};
  if (weight.count() > (1 << 26)) c.refuse("has too many channels");
  c.builder.spend(weight.count());
  std::vector<float> ones(static_cast<std::size_t>(weight.count()), 0.0F);
  for (std::int64_t k = 0; k < from.c; ++k) {
    const std::int64_t cell = column_first ? k % (b * b) : k / out, channel = column_first ? 0 : k % out;
    ones[static_cast<std::size_t>(((k * b + cell / b) * b + cell % b) * weight.c + channel)] = 1;
  }
  Step step;
  step.kind = Kind::conv_transpose;
  step.weight = c.builder.tensor(ones, weight);
  step.conv.stride = static_cast<int>(b);
  step.conv.groups = column_first ? static_cast<int>(out) : 1;
  step.inputs = {x};
  step.shape = {from.n, from.h * b, from.w * b, out};
  return c.builder.emit(std::move(step));
}

// Cubic sampling by p / q in both directions repeats its weights every q pixels: a convolution with
// stride q makes p x p channels of each, which become pixels.
std::optional<int> by_stencil(NodeContext& c, int x, const Sampling& s, const Side& rows,
                              const Side& columns) {
  constexpr std::int64_t kMost = 8;
  const std::int64_t common = std::gcd(rows.in, rows.out), p = rows.out / common, q = rows.in / common;
  const bool fits = s.mode == "cubic" && s.coordinates == "half_pixel" && p <= kMost && q <= kMost &&
                    columns.out * q == columns.in * p && columns.in % q == 0 && is_plain(rows) &&
                    is_plain(columns);
  if (!fits) return std::nullopt;
  const auto offset = [&](std::int64_t r) { return (double(r) + 0.5) * double(q) / double(p) - 0.5; };
  const std::int64_t low = std::min<std::int64_t>(0, static_cast<std::int64_t>(std::floor(offset(0))) - 1),
                     high = static_cast<std::int64_t>(std::floor(offset(p - 1))) + 2, size = high - low + 1;
  const Shape from = c.builder.shape(x);
  Step border, conv;
  border.kind = Kind::pad;
  border.pad.mode = PadMode::replicate;
  border.pad.top = border.pad.left = static_cast<int>(-low);
  border.pad.bottom = border.pad.right = static_cast<int>(std::max<std::int64_t>(0, high - q + 1));
  border.inputs = {x};
  border.shape = {from.n, from.h + border.pad.top + border.pad.bottom,
                  from.w + border.pad.left + border.pad.right, from.c};
  const Shape weight{from.c * p * p, size, size, 1};
  if (weight.count() > (1 << 22)) return std::nullopt;
  std::vector<float> w;
  for (std::int64_t k = 0; k < weight.n; ++k) {
    const double top = offset(k % (p * p) / p) - double(low), left = offset(k % p) - double(low);
    for (std::int64_t i = 0; i < size; ++i)
      for (std::int64_t j = 0; j < size; ++j)
        w.push_back(static_cast<float>(cubic_weight(double(i) - top, s.cubic) *
                                       cubic_weight(double(j) - left, s.cubic)));
  }
  conv.kind = Kind::conv;
  conv.weight = c.builder.tensor(w, weight);
  conv.conv.stride = static_cast<int>(q);
  conv.conv.groups = static_cast<int>(from.c);
  conv.inputs = {c.builder.emit(std::move(border))};
  conv.shape = ConvGeom::make("resize", c.builder.shape(conv.inputs[0]), weight, conv.conv).y_shape();
  const int made = c.builder.emit(std::move(conv));
  return p == 1 ? made : spread_channels(c, made, p, true);
}

Value resized(NodeContext& c, const Value& given, const Sampling& s, const std::vector<Side>& sides) {
  const Value x = c.builder.settled(given);
  Dims dims = x.dims;
  std::vector<int> changed;
  for (int a = 0; a < x.rank(); ++a) {
    dims[static_cast<std::size_t>(a)] = sides[static_cast<std::size_t>(a)].out;
    if (sides[static_cast<std::size_t>(a)].out != sides[static_cast<std::size_t>(a)].in) changed.push_back(a);
  }
  if (count_of(dims) < 1) c.refuse("leaves nothing");
  if (changed.empty()) return x;
  if (x.rank() != 4) c.refuse("resizes a tensor of " + text_of(x.dims) + ", not an image");
  std::vector<int> order = x.order;
  const auto inside = [&](int a) { return order[1] == a || order[2] == a; };
  if (!std::all_of(changed.begin(), changed.end(), inside)) order = {0, 2, 3, 1};
  if (!std::all_of(changed.begin(), changed.end(), inside)) c.refuse("resizes more than height and width");
  int step = c.builder.arranged(x, order);
  const Side rows = sides[static_cast<std::size_t>(order[1])],
             columns = sides[static_cast<std::size_t>(order[2])];
  if (const auto made = by_stencil(c, step, s, rows, columns)) {
    step = *made;
  } else if (engine_agrees(s, rows) && engine_agrees(s, columns)) {
    Step resize;
    resize.kind = Kind::resize;
    resize.resize = engine_geometry(s);
    resize.inputs = {step};
    resize.shape = shape_of(dims, order);
    step = c.builder.emit(std::move(resize));
  } else {
    if (rows.in != rows.out) step = along_axis(c, step, s, rows, true);
    if (columns.in != columns.out) step = along_axis(c, step, s, columns, false);
  }
  return Builder::of(step, dims, order);
}

std::vector<Side> sides_by_scale(NodeContext& c, const Value& x, const std::vector<float>& scales) {
  if (scales.size() != x.dims.size()) c.refuse("has another number of scales than its input has dimensions");
  std::vector<Side> sides;
  for (std::size_t a = 0; a < scales.size(); ++a) {
    const double out = std::floor(double(x.dims[a]) * double(scales[a]) + 1e-9);
    if (!(scales[a] > 0) || !(out < 1e7)) c.refuse("has a scale that is out of range");
    sides.push_back({x.dims[a], static_cast<std::int64_t>(out), scales[a]});
  }
  return sides;
}

// Sizes that were fixed when the file was written stand for their ratio to the declared input.
std::vector<Side> sides_by_size(NodeContext& c, const Value& x, std::vector<std::int64_t> sizes) {
  if (sizes.size() != x.dims.size()) c.refuse("has another number of sizes than its input has dimensions");
  std::vector<Side> sides;
  for (std::size_t a = 0; a < sizes.size(); ++a) {
    if (sizes[a] < 1 || sizes[a] > 10'000'000) c.refuse("has a size that is out of range");
    sides.push_back({x.dims[a], sizes[a], double(sizes[a]) / double(x.dims[a])});
  }
  return sides;
}

void refuse_options(NodeContext& c, const Sampling& s) {
  if (s.mode != "nearest" && s.mode != "linear" && s.mode != "cubic")
    c.refuse("has the mode " + s.mode + "; nearest, linear and cubic are supported");
  if (c.integer("exclude_outside", 0) != 0) c.refuse("leaves out pixels beyond the border");
  if (c.integer("antialias", 0) != 0) c.refuse("has antialias");
  for (const char* known :
       {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"})
    if (s.coordinates == known) return;
  c.refuse("has the coordinates " + s.coordinates);
}

Values resize_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const bool old = c.opset < 11;
  Sampling s{c.text("mode", "nearest"),
             c.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
             c.text("nearest_mode", old ? "floor" : "round_prefer_floor"), c.real("cubic_coeff_a", -0.75)};
  refuse_options(c, s);
  if (c.integers("axes") != nullptr) c.refuse("names its axes, which is not supported");
  if (c.text("keep_aspect_ratio_policy", "stretch") != "stretch") c.refuse("keeps the aspect ratio");
  const std::size_t scales_at = old ? 1 : 2;
  if (!old && c.has(3) && count_of(c.in(3).dims) > 0)
    return {resized(c, x, s, sides_by_size(c, x, c.integers_in(3)))};
  return {resized(c, x, s, sides_by_scale(c, x, c.reals_in(scales_at)))};
}

// Opset 7: scales are an attribute; 9: an input.
Values upsample_rule(NodeContext& c) {
  const Value& x = c.in(0);
  Sampling s{c.text("mode", "nearest"), "asymmetric", "floor"};
  if (s.mode == "bilinear") s.mode = "linear";
  refuse_options(c, s);
  const auto scales = c.node.attributes.find("scales");
  return {resized(
      c, x, s,
      sides_by_scale(c, x, scales != c.node.attributes.end() ? scales->second.reals : c.reals_in(1)))};
}

Values depth_to_space_rule(NodeContext& c) {
  const Value& x = c.in(0);
  const std::int64_t b = c.integer("blocksize", 0);
  if (x.rank() != 4 || b < 1 || b > 64 || x.dims[1] % (b * b) != 0)
    c.refuse("cannot spread " + text_of(x.dims) + " by " + std::to_string(b));
  const int made = spread_channels(c, c.builder.arranged(x, {0, 2, 3, 1}), b, c.text("mode", "DCR") == "CRD");
  return {Builder::of(made, {x.dims[0], x.dims[1] / (b * b), x.dims[2] * b, x.dims[3] * b}, {0, 2, 3, 1})};
}

}  // namespace

void add_resize_rules(Rules& rules) {
  rules.insert({{"Resize", resize_rule}, {"Upsample", upsample_rule}, {"DepthToSpace", depth_to_space_rule}});
}

}  // namespace sumi::graph
