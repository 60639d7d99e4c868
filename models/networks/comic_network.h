// The stylizer's network: maps a photograph to the coefficients of a flat color transform and to
// the alpha of lines, for any mixture of the trained styles. It has no norm; each convolution is
// followed by a scale and a shift per style (conditional as in Dumoulin 2017, linear as in Perez
// 2018). A pixel therefore depends only on the 48 pixels around it: tiles are exact, and video is
// stable.
//
//   enc0  3x3, 3 -> W     enc1  3x3 stride 2, W -> 2W     enc2  3x3 stride 2, 2W -> 4W
//   res.i x + conv(conv(x)), 4W
//   dec1  3x3, 4W -> 2W, bilinear x2, concatenated with enc1
//   dec0  3x3, 4W -> W, bilinear x2, concatenated with enc0
//   head  3x3, 2W -> 7
// Convolutions use reflection padding and precede the upsampling, where they cost a quarter. A
// style that was added later has a dec0 and a head of its own, own.i; a mixture with it is the
// mixture of the coefficients of both decoders.
//
// A still has one line. The lines of a drawing that moves (sumi animate) are drawn by several hands
// that take turns. Hand 0 is the head's. Each further hand k is a small private decoder of the
// shared features, whose result is added to the head's line:
//   hand.k.dec0  3x3, 4W -> W, bilinear x2, concatenated with enc0
//   hand.k.line  3x3, 2W -> 1; a style's scale is 0 until it is trained, so the hand is hand 0's
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/nn.h"

namespace sumi {

struct ComicSize {
  std::int64_t width = 16;  // W
  int blocks = 4;
  int styles = 1;
  int own = 0;    // the last so many of the styles have a dec0 and a head of their own
  int hands = 1;  // that draw lines
};

class ComicNetwork final : public Module {
 public:
  ComicNetwork(const ComicSize& size, DType dtype, const Device& device);
  ~ComicNetwork() override;

  // Receptive field of an output pixel in pixels, rounded up to the network's multiple; and the
  // multiple of height and width, each at least kSmallestSide.
  static constexpr int kHalo = 48, kMultiple = 4, kSmallestSide = 8;

  // x [n,h,w,3] in [0,1]; mixture [n,1,1,styles], rows that sum to 1. Returns coefficients
  // [n,h,w,7]: the shift b (3), the line's logit (1), the scale a (3).
  Tensor operator()(const Tensor& x, const Tensor& mixture);
  using Module::operator();  // with the first style alone
  // The same coefficients bit-exactly, and behind them the line's logit of each further hand:
  // [n,h,w,6 + hands].
  Tensor with_hands(const Tensor& x, const Tensor& mixture);
  Shape infer_shape(const Shape& x, Cost& cost) const override;

  // He initialization for a leaky ReLU of .2 (He 2015). Scales are 1, except .3 for the second
  // convolution of a block, so that blocks begin near the identity; the head's weights are a tenth,
  // and the scales of further hands' lines 0.
  void initialize(RandomStream& stream);

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  class StyledConv;
  StyledConv& add(const std::string& name, std::int64_t in, std::int64_t out, int stride, double slope,
                  double scale, int styles);
  struct Decoder {
    StyledConv *dec0, *head;
  };
  Decoder add_decoder(const std::string& prefix, int styles);
  // Inputs of the decoders, padded: at half size, and at full size.
  struct Features {
    Tensor half, full;
  };
  Features encode(const Tensor& x, const Tensor& mixture) const;
  Tensor decode(const Features& features, const Decoder& decoder, const Tensor& mixture) const;
  Tensor coefficients(const Features& features, const Tensor& mixture) const;
  Shape infer_decoder(const Decoder& decoder, const Shape& x, const Shape& skip, Cost& cost) const;
  Tensor run(const Tensor& x, const Tensor& mixture) const;

  ComicSize size_;
  DType dtype_;
  Device device_;
  StyledConv *enc0_, *enc1_, *enc2_, *dec1_;
  Decoder decoder_;
  std::vector<Decoder> own_, hands_;  // of further hands; a head is then a line's
  std::vector<std::pair<StyledConv*, StyledConv*>> blocks_;
};

// Layers computed from the coefficients for x [n,h,w,3] in [0,1]: the flat color x (1 + a) + b
// [n,h,w,3], not clamped, and the line's alpha sigmoid(4 logit - 2) [n,h,w,1].
struct ComicLayers {
  Tensor flat, line;
};
ComicLayers comic_layers(const Tensor& x, const Tensor& coefficients);
// 4 logit - 2 [n,h,w,1], the argument of the alpha's sigmoid.
Tensor line_logit(const Tensor& coefficients);

// flat (1 - opacity line) + opacity line ink. opacity [n,1,1,1], ink [n,1,1,3] or one for all
// samples.
Tensor compose_comic(const ComicLayers& layers, const Tensor& ink, const Tensor& opacity);

}  // namespace sumi
