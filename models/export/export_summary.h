// Texts about exported networks, shared by the formats.
#pragma once

#include <string>
#include <vector>

#include "models/export/export_format.h"

namespace sumi {

// The entry `sumi.export`, from which open_model() rebuilds the model.
std::string exported_text(const ExportJob& job);

// Counts the tensors and, without num_batches_tracked, their values.
ExportReport weights_report(const std::vector<StateDict>& networks);

}  // namespace sumi
