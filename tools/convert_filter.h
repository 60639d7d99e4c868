// The filter of a call of sumi convert.
#pragma once

#include <functional>
#include <string>

#include "tools/convert_options.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// By the style or the model of the arguments, which get the model's direction. Of a style: size,
// depth and alpha stay; with --sheet the sheet of all styles, 8 bits, of the photograph at 720
// pixels at most. Of a model: Converter's or comic_picture()'s result, and errors as open_model's.
// `warn` is called once if faces cannot be detected.
PhotoFilter photo_filter(ConvertArguments& args, std::function<void(const std::string&)> warn);

}  // namespace sumi::cli
