// The filter of sumi convert for a stylizer's checkpoint.
#pragma once

#include <functional>
#include <memory>

#include "engine/image/photo.h"
#include "models/inference/exported.h"
#include "tools/convert_options.h"

namespace sumi::cli {

// The filter for the arguments' mixture of styles. Throws UsageError listing the model's styles for
// an unknown one.
std::function<Photo(const Photo& photo, const Photo* mask)> comic_filter(const ConvertArguments& args,
                                                                         std::shared_ptr<OpenedModel> opened);

}  // namespace sumi::cli
