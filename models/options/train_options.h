// All settings of a run, composed of groups. A model uses the groups that its ModelSpec lists.
#pragma once

#include <string>

#include "models/options/data_options.h"
#include "models/options/discriminator_options.h"
#include "models/options/model_options.h"
#include "models/options/network_options.h"
#include "models/options/optimization_options.h"
#include "models/options/run_options.h"

namespace sumi {

struct TrainOptions : RunOptions,
                      DataOptions,
                      SquareOptions,
                      CropOptions,
                      PairOptions,
                      LabelOptions,
                      MachineOptions,
                      OptimizationOptions,
                      DiscriminatorOptions,
                      GeneratorOptions,
                      UpsamplingOptions,
                      VariantOptions,
                      BatchNormOptions,
                      NoiseOptions,
                      LatentOptions,
                      VirtualBatchNormOptions,
                      TranslatorOptions,
                      PatchOptions,
                      InfoGanOptions,
                      VaeOptions,
                      CycleGanOptions,
                      Pix2PixOptions,
                      PhotoConverterOptions,
                      AnimeOptions,
                      ClassifierOptions,
                      StylizerOptions {
  std::string model;  // as `sumi models` lists them
};

}  // namespace sumi
