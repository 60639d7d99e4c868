#include "models/networks/output_layer.h"

namespace sumi {
namespace {

constexpr int kMinibatchDims = 5;  // of each kernel, as in Salimans 2016

}  // namespace

DiscriminatorLayerOptions discriminator_options(const TrainOptions& o) {
  return {o.spectral_norm, o.minibatch_discrimination};
}

void add_layer(Sequential& d, LayerSpec layer, const DiscriminatorLayerOptions& o, DType dtype,
               const Device& device) {
  layer.spectral = o.spectral;
  d.add(layer, dtype, device);
}

void add_output_layer(Sequential& d, LayerSpec layer, const DiscriminatorLayerOptions& o, DType dtype,
                      const Device& device) {
  if (o.minibatch_kernels > 0) {
    d.add(std::make_unique<MinibatchDiscrimination>(layer.in, o.minibatch_kernels, kMinibatchDims, dtype,
                                                    device));
    layer.in += o.minibatch_kernels;
  }
  add_layer(d, layer, o, dtype, device);
}

}  // namespace sumi
