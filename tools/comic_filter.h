// The filter of sumi convert for a stylizer's checkpoint.
#pragma once

#include <memory>

#include "models/inference/exported.h"
#include "tools/convert_options.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// The filter for the arguments' mixture of styles. Throws UsageError listing the model's styles for
// an unknown one.
PhotoFilter comic_filter(const ConvertArguments& args, std::shared_ptr<OpenedModel> opened);

}  // namespace sumi::cli
