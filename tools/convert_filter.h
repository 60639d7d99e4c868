// The filter of a call of sumi convert.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "models/inference/comic_hold.h"
#include "models/inference/exported.h"
#include "tools/convert_options.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// By the style or the model of the arguments, which get the model's direction. Of a style: size,
// depth and alpha stay; with --sheet the sheet of all styles, 8 bits, of the photograph at 720
// pixels at most. Of a model: Converter's or comic_picture()'s result, and errors as open_model's.
// `warn` is called once if faces cannot be detected.
// `hold`: of a clip by a stylizer, read and updated by each call; may be null.
PhotoFilter photo_filter(ConvertArguments& args, std::function<void(const std::string&)> warn,
                         std::shared_ptr<ComicHold> hold = nullptr);
// Of a model that is open.
PhotoFilter model_filter(ConvertArguments& args, std::shared_ptr<OpenedModel> opened,
                         std::function<void(const std::string&)> warn,
                         std::shared_ptr<ComicHold> hold = nullptr);

}  // namespace sumi::cli
