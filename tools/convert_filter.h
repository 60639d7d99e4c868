// The image filter of a call of sumi convert.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/image/photo.h"
#include "models/inference/comic_hold.h"
#include "tools/convert_options.h"

namespace sumi::cli {

// `mask` has the image's size, or is null.
using PhotoFilter = std::function<Photo(const Photo& photo, const Photo* mask)>;

// The filter for the style or the model of the arguments, in which the model's direction is filled
// in. A style applies to the whole photograph, or where the mask is light, and keeps size, depth
// and alpha; with --sheet it is the sheet of all styles, 8 bits, of the photograph at 720 pixels at
// most. Throws Error for a mask of another size. A model gives Converter's result, with the errors
// of open_model. A strength below 1 blends the result with the photograph. `warn` is called once if
// face detection is not available.
// `hold`: of a stylizer's clip, read and updated by each call; may be null.
PhotoFilter photo_filter(ConvertArguments& args, std::function<void(const std::string&)> warn,
                         std::shared_ptr<ComicHold> hold = nullptr);

}  // namespace sumi::cli
