#include "models/options/option_groups.h"

#include "models/options/option_table.h"

namespace sumi {

void CommonOptions::add_rows(OptionTable& t) {
  add_groups<RunOptions, DataOptions, OptimizationOptions, MachineOptions>(t);
}

void NoiseGanOptions::add_rows(OptionTable& t) {
  add_groups<CommonOptions, SquareOptions, LatentOptions, GeneratorOptions, DiscriminatorOptions,
             MetricsOptions>(t);
}

void ConvGanOptions::add_rows(OptionTable& t) {
  add_groups<NoiseGanOptions, UpsamplingOptions, VirtualBatchNormOptions>(t);
}

void TranslationGanOptions::add_rows(OptionTable& t) {
  add_groups<CommonOptions, CropOptions, GeneratorOptions, UpsamplingOptions, DiscriminatorOptions,
             MetricsOptions>(t);
}

}  // namespace sumi
