#include "models/networks/comic_network.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>

#include "engine/runtime/trace.h"

namespace sumi {
namespace {

constexpr double kSlope = 0.2, kNoActivation = 1;
constexpr double kBlockScale = 0.3, kHeadShare = 0.1;
constexpr std::int64_t kCoefficients = 7, kLogit = 3;
constexpr PadGeom kBorder{PadMode::reflect, 1, 1, 1, 1};
constexpr ResizeGeom kBilinear{ResizeMode::bilinear, ResizeCoords::half_pixel};

// Upsamples to twice the size, with the next convolution's padding.
Tensor doubled(const Tensor& x) {
  return resize2d(x, 2 * x.shape().h, 2 * x.shape().w, kBilinear, kBorder);
}

}  // namespace

// A 3x3 convolution without bias of a padded input, then the style's scale and shift, and leaky
// ReLU.
class ComicNetwork::StyledConv final : public Module {
 public:
  StyledConv(const std::string& name, std::int64_t in, std::int64_t out, int stride, double slope,
             double scale, int styles, DType dtype, const Device& device)
      : Module(name), slope_(slope), first_scale_(scale), options_{stride, 0, 0, 0, 0, 1, 1} {
    using Kind = TorchLayout::Kind;
    weight_ = add_parameter(name + ".conv.weight", {out, 3, 3, in}, dtype, device, {Kind::conv});
    gamma_ = add_parameter(name + ".gamma", Shape::matrix(styles, out), dtype, device, {Kind::dense});
    beta_ = add_parameter(name + ".beta", Shape::matrix(styles, out), dtype, device, {Kind::dense});
  }

  // x [n,h+2,w+2,in]. The result is padded by `next_pad` and includes `residual`, if given.
  Tensor operator()(const Tensor& x, const Tensor& mixture, const PadGeom& next_pad = {},
                    const Tensor& residual = {}) {
    const ModuleScope scope(name());
    const Tensor y = conv2d(x, cast(weight_, x.dtype()), {}, options_);
    const Shape vectors{y.shape().n, 1, 1, y.shape().c};
    return film(y, reshape(matmul(mixture, gamma_), vectors), reshape(matmul(mixture, beta_), vectors),
                {slope_, next_pad}, residual);
  }

  Shape infer_shape(const Shape& x, Cost& cost) const override {
    const ConvGeom g = ConvGeom::make(name().c_str(), kBorder.padded(x), weight_.shape(), options_);
    cost.macs += g.macs();
    cost.saved_elements += 2 * g.y_shape().count();
    return g.y_shape();
  }

  void initialize(double share, RandomStream& stream) {
    const Shape s = weight_.shape();
    const double he = std::sqrt(2 / ((1 + kSlope * kSlope) * static_cast<double>(s.h * s.w * s.c)));
    weight_.assign(stream.normal(s, DType::f32, Device{}, 0, share * he));
    gamma_.assign(Tensor::full(gamma_.shape(), first_scale_, DType::f32, Device{}));
    beta_.assign(Tensor::zeros(beta_.shape(), DType::f32, Device{}));
  }

 protected:
  Tensor forward(const Tensor& x) override { return conv2d(x, weight_, {}, options_); }

 private:
  double slope_, first_scale_;
  ConvOptions options_;
  Tensor weight_, gamma_, beta_;
};

ComicNetwork::StyledConv& ComicNetwork::add(const std::string& name, std::int64_t in, std::int64_t out,
                                            int stride, double slope, double scale, int styles) {
  return add_child(
      std::make_unique<StyledConv>(name, in, out, stride, slope, scale, styles, dtype_, device_));
}

ComicNetwork::Decoder ComicNetwork::add_decoder(const std::string& prefix, int styles) {
  const std::int64_t w = size_.width;
  StyledConv& dec0 = add(prefix + "dec0", 4 * w, w, 1, kSlope, 1, styles);
  return {&dec0, &add(prefix + "head", 2 * w, kCoefficients, 1, kNoActivation, 1, styles)};
}

ComicNetwork::ComicNetwork(const ComicSize& size, DType dtype, const Device& device)
    : Module("comic"), size_(size), dtype_(dtype), device_(device) {
  const std::int64_t w = size.width;
  const int n = size.styles;
  enc0_ = &add("enc0", 3, w, 1, kSlope, 1, n);
  enc1_ = &add("enc1", w, 2 * w, 2, kSlope, 1, n);
  enc2_ = &add("enc2", 2 * w, 4 * w, 2, kSlope, 1, n);
  for (int i = 0; i < size.blocks; ++i) {
    StyledConv& a = add(fmt::format("res.{}.a", i), 4 * w, 4 * w, 1, kSlope, 1, n);
    blocks_.emplace_back(&a,
                         &add(fmt::format("res.{}.b", i), 4 * w, 4 * w, 1, kNoActivation, kBlockScale, n));
  }
  dec1_ = &add("dec1", 4 * w, 2 * w, 1, kSlope, 1, n);
  decoder_ = add_decoder("", n);
  for (int i = 0; i < size.own; ++i) own_.push_back(add_decoder(fmt::format("own.{}.", i), 1));
  for (int k = 1; k < size.hands; ++k) {
    const std::string prefix = fmt::format("hand.{}.", k);
    StyledConv& dec0 = add(prefix + "dec0", 4 * w, w, 1, kSlope, 1, n);
    hands_.push_back({&dec0, &add(prefix + "line", 2 * w, 1, 1, kNoActivation, 0, n)});
  }
}

ComicNetwork::~ComicNetwork() = default;

void ComicNetwork::initialize(RandomStream& stream) {
  for (StyledConv* conv : {enc0_, enc1_, enc2_}) conv->initialize(1, stream);
  for (const auto& [a, b] : blocks_) {
    a->initialize(1, stream);
    b->initialize(1, stream);
  }
  dec1_->initialize(1, stream);
  const auto initialize = [&](const Decoder& decoder) {
    decoder.dec0->initialize(1, stream);
    decoder.head->initialize(kHeadShare, stream);
  };
  initialize(decoder_);
  for (const Decoder& decoder : own_) initialize(decoder);
  for (const Decoder& hand : hands_) initialize(hand);
}

Tensor ComicNetwork::operator()(const Tensor& x, const Tensor& mixture) {
  const ModuleScope scope(name());
  return in_activations(x, [&](const Tensor& y) { return run(y, mixture); });
}

Tensor ComicNetwork::with_hands(const Tensor& x, const Tensor& mixture) {
  const ModuleScope scope(name());
  return in_activations(x, [&](const Tensor& y) {
    const Features features = encode(y, mixture);
    const Tensor all = coefficients(features, mixture);
    std::vector<Tensor> drawn{all};
    const Shape& s = all.shape();
    for (const Decoder& hand : hands_)
      drawn.push_back(
          sumi::add(slice(all, {0, 0, 0, kLogit}, {s.n, s.h, s.w, 1}), decode(features, hand, mixture)));
    return drawn.size() == 1 ? all : concat(drawn, 3);
  });
}

Tensor ComicNetwork::run(const Tensor& x, const Tensor& mixture) const {
  return coefficients(encode(x, mixture), mixture);
}

// a, b, h are padded for the next convolution; the residual of a block is not.
ComicNetwork::Features ComicNetwork::encode(const Tensor& x, const Tensor& mixture) const {
  const Tensor a = (*enc0_)(pad2d(x, kBorder), mixture, kBorder);
  const Tensor b = (*enc1_)(a, mixture, kBorder);
  Tensor h = (*enc2_)(b, mixture);
  for (const auto& [first, second] : blocks_)
    h = (*second)((*first)(pad2d(h, kBorder), mixture, kBorder), mixture, {}, h);
  return {concat({doubled((*dec1_)(pad2d(h, kBorder), mixture)), b}, 3), a};
}

Tensor ComicNetwork::decode(const Features& features, const Decoder& decoder, const Tensor& mixture) const {
  return (*decoder.head)(concat({doubled((*decoder.dec0)(features.half, mixture)), features.full}, 3),
                         mixture);
}

Tensor ComicNetwork::coefficients(const Features& features, const Tensor& mixture) const {
  const Tensor y = decode(features, decoder_, mixture);
  if (own_.empty()) return y;
  Tensor others;
  const std::int64_t count = mixture.shape().n;
  std::int64_t style = size_.styles - size_.own;
  Tensor rest = Tensor::full({count, 1, 1, 1}, 1, mixture.dtype(), mixture.device());
  for (const Decoder& decoder : own_) {
    const Tensor share = slice(mixture, {0, 0, 0, style++}, {count, 1, 1, 1});
    const Tensor mine = mul(decode(features, decoder, affine(share, 0, 1)), cast(share, y.dtype()));
    others = others ? sumi::add(others, mine) : mine;
    rest = sub(rest, share);
  }
  return sumi::add(mul(y, cast(rest, y.dtype())), others);
}

Tensor ComicNetwork::forward(const Tensor& x) {
  std::vector<double> first(static_cast<std::size_t>(size_.styles), 0.0);
  first[0] = 1;
  const Tensor one = Tensor::from(first, Shape::matrix(1, size_.styles), dtype_, x.device());
  return run(x, broadcast_to(one, Shape::matrix(x.shape().n, size_.styles)));
}

Shape ComicNetwork::infer_shape(const Shape& x, Cost& cost) const {
  if (x.c != 3 || x.h % kMultiple != 0 || x.w % kMultiple != 0 || x.h < kSmallestSide || x.w < kSmallestSide)
    fail("comic",
         fmt::format("takes images of 3 channels with sides that are multiples of {} from {} on, not {}",
                     kMultiple, kSmallestSide, x.str()));
  const Shape a = enc0_->infer_shape(x, cost), b = enc1_->infer_shape(a, cost);
  Shape h = enc2_->infer_shape(b, cost);
  for (const auto& [first, second] : blocks_) h = second->infer_shape(first->infer_shape(h, cost), cost);
  h = dec1_->infer_shape(h, cost);
  cost.saved_elements += 2 * b.count();
  const Shape joined{b.n, b.h, b.w, h.c + b.c};
  for (const Decoder& decoder : own_) infer_decoder(decoder, joined, a, cost);
  return infer_decoder(decoder_, joined, a, cost);
}

Shape ComicNetwork::infer_decoder(const Decoder& decoder, const Shape& x, const Shape& skip,
                                  Cost& cost) const {
  const Shape h = decoder.dec0->infer_shape(x, cost);
  cost.saved_elements += 2 * skip.count();
  return decoder.head->infer_shape({skip.n, skip.h, skip.w, h.c + skip.c}, cost);
}

Tensor line_logit(const Tensor& coefficients) {
  const Shape& s = coefficients.shape();
  return affine(slice(coefficients, {0, 0, 0, kLogit}, {s.n, s.h, s.w, 1}), 4, -2);
}

ComicLayers comic_layers(const Tensor& x, const Tensor& coefficients) {
  const Shape s = x.shape();
  const auto channels = [&](std::int64_t first, std::int64_t count) {
    return slice(coefficients, {0, 0, 0, first}, {s.n, s.h, s.w, count});
  };
  return {add(mul(x, affine(channels(4, 3), 1, 1)), channels(0, 3)), sigmoid(line_logit(coefficients))};
}

Tensor compose_comic(const ComicLayers& layers, const Tensor& ink, const Tensor& opacity) {
  const Tensor alpha = mul(layers.line, opacity);
  return add(mul(layers.flat, affine(alpha, -1, 1)), mul(alpha, ink));
}

}  // namespace sumi
