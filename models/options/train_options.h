// All settings of a run, composed of groups. A model uses the groups that its ModelSpec lists.
#pragma once

#include <any>
#include <map>
#include <string>
#include <type_traits>
#include <typeindex>

#include "models/options/data_options.h"
#include "models/options/discriminator_options.h"
#include "models/options/metrics_options.h"
#include "models/options/model_options.h"
#include "models/options/network_options.h"
#include "models/options/optimization_options.h"
#include "models/options/run_options.h"

namespace sumi {

struct TrainOptions : RunOptions,
                      MetricsOptions,
                      DataOptions,
                      SquareOptions,
                      CropOptions,
                      PairOptions,
                      ValidationOptions,
                      LabelOptions,
                      MachineOptions,
                      OptimizationOptions,
                      DiscriminatorOptions,
                      GeneratorOptions,
                      UpsamplingOptions,
                      VariantOptions,
                      BackboneOptions,
                      BatchNormOptions,
                      NoiseOptions,
                      LatentOptions,
                      VirtualBatchNormOptions,
                      TranslatorOptions,
                      PatchOptions,
                      StylizerOptions {
  std::string model;  // as `sumi models` lists them

  // A group by its type: one of those above, or one that only its model knows, which starts with
  // the group's defaults.
  template <class Group>
  Group& group() {
    if constexpr (std::is_base_of_v<Group, TrainOptions>)
      return *this;
    else
      return std::any_cast<Group&>(own_.try_emplace(typeid(Group), Group()).first->second);
  }
  template <class Group>
  const Group& group() const {
    if constexpr (std::is_base_of_v<Group, TrainOptions>) {
      return *this;
    } else {
      static const Group defaults;
      const auto found = own_.find(typeid(Group));
      return found == own_.end() ? defaults : std::any_cast<const Group&>(found->second);
    }
  }

 private:
  std::map<std::type_index, std::any> own_;
};

}  // namespace sumi
