// The filter of sumi convert for a stylizer's checkpoint.
#pragma once

#include <memory>

#include "models/inference/exported.h"
#include "tools/convert_options.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// Of the arguments' styles and their mixture; those of the model are named in the UsageError for one that it does not have.
PhotoFilter comic_filter(const ConvertArguments& args, std::shared_ptr<OpenedModel> opened);

}  // namespace sumi::cli
