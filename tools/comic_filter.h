// The filter of sumi convert for a stylizer's checkpoint.
#pragma once

#include <memory>

#include "models/inference/comic_hold.h"
#include "models/inference/exported.h"
#include "tools/convert_options.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// The filter for the arguments' mixture of styles. Throws UsageError listing the model's styles for
// an unknown one. `hold`: of a clip, read and updated by each call; may be null.
PhotoFilter comic_filter(const ConvertArguments& args, std::shared_ptr<OpenedModel> opened,
                         std::shared_ptr<ComicHold> hold = nullptr);

}  // namespace sumi::cli
