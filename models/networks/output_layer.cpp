#include "models/networks/output_layer.h"

namespace sumi {
namespace {

constexpr int kMinibatchDims = 5;  // of each kernel, as in Salimans 2016

}  // namespace

LayerSpec discriminator_layer(LayerSpec layer, const TrainOptions& o) {
  layer.spectral = o.spectral_norm;
  return layer;
}

void add_layer(Sequential& d, const LayerSpec& layer, const TrainOptions& o) {
  d.add(discriminator_layer(layer, o), dtype_of(o), device_of(o));
}

void add_output_layer(Sequential& d, LayerSpec layer, const TrainOptions& o) {
  if (const int kernels = o.minibatch_discrimination; kernels > 0) {
    d.add(std::make_unique<MinibatchDiscrimination>(layer.in, kernels, kMinibatchDims, dtype_of(o),
                                                    device_of(o)));
    layer.in += kernels;
  }
  add_layer(d, layer, o);
}

}  // namespace sumi
