// What a call of sumi convert does to each picture.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/image/photo.h"
#include "models/inference/comic_hold.h"
#include "tools/convert_options.h"

namespace sumi::cli {

// The mask, of the picture's size, may be null.
using PhotoFilter = std::function<Photo(const Photo& photo, const Photo* mask)>;

// By the style or the model of the arguments, which get the model's direction. Of a style: the
// style over the whole photograph, or where the mask is light; size, depth and alpha stay; with
// --sheet the sheet of all styles, 8 bits, of the photograph at 720 pixels at most; Error for a
// mask of another size. Of a model: Converter's result, and errors as open_model's. Below a
// strength of 1 the rest is the photograph. `warn` is told once where faces cannot be looked for.
// `hold`: of a stylizer's clip, read and updated by each call; may be null.
PhotoFilter photo_filter(ConvertArguments& args, std::function<void(const std::string&)> warn,
                         std::shared_ptr<ComicHold> hold = nullptr);

}  // namespace sumi::cli
