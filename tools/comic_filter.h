// The filter of sumi convert for a stylizer's checkpoint.
#pragma once

#include <memory>

#include "models/inference/comic_hold.h"
#include "models/inference/comic_picture.h"
#include "models/inference/exported.h"
#include "models/stylizer.h"
#include "tools/convert_options.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// What the arguments say of the drawing. Throws UsageError as comic_filter().
ComicOptions comic_options(const ConvertArguments& args, const Stylizer& model);

// The filter for the arguments' mixture of styles. Throws UsageError listing the model's styles for
// an unknown one. `hold`: of a clip, read and updated by each call; may be null.
PhotoFilter comic_filter(const ConvertArguments& args, std::shared_ptr<OpenedModel> opened,
                         std::shared_ptr<ComicHold> hold = nullptr);

}  // namespace sumi::cli
