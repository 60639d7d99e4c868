#include "models/networks/upsampling.h"

#include "models/networks/output_layer.h"

namespace sumi {

UpsampleLayers add_upsample_block(const LayerSpec& transposed, const UpsampleOptions& way) {
  LayerSpec s = transposed;
  s.map = BlockOptions::MapKind::conv_transpose;
  if (!way.resizes()) return {nullptr, s};
  s.map = BlockOptions::MapKind::conv;
  s.kernel = (s.kernel - 1) | 1;
  s.stride = 1;
  s.pad_end = -1;
  s.output_padding = 0;
  s.name += way.place;
  const int border = s.kernel / 2;
  PadGeom around;
  if (way.reflected) around = {PadMode::reflect, border, border, border, border};
  s.pad = way.reflected ? 0 : border;
  return {std::make_unique<Upsample>(way.mode(), around), s};
}

void add_doubling(Sequential& to, const LayerSpec& transposed, const UpsampleOptions& way,
                  const TrainOptions& o) {
  UpsampleLayers both = add_upsample_block(transposed, way);
  if (both.resize) to.add(std::move(both.resize));
  to.add(both.layer, dtype_of(o), device_of(o));
}

}  // namespace sumi
