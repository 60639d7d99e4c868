// What a stylizer's checkpoint does to the pictures of sumi convert.
#pragma once

#include <functional>
#include <memory>

#include "engine/image/photo.h"
#include "models/inference/comic_hold.h"
#include "models/inference/exported.h"
#include "tools/convert_options.h"

namespace sumi::cli {

// Of the arguments' styles and their mixture; those of the model are named in the UsageError for
// one that it does not have. `hold`: of a clip, read and updated by each call; may be null.
std::function<Photo(const Photo& photo, const Photo* mask)> comic_filter(
    const ConvertArguments& args, std::shared_ptr<OpenedModel> opened,
    std::shared_ptr<ComicHold> hold = nullptr);

}  // namespace sumi::cli
