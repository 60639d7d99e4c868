// What a call of sumi convert makes of each picture.
#pragma once

#include <functional>
#include <string>

#include "engine/image/photo.h"
#include "models/inference/discriminator_verdict.h"
#include "tools/convert_options.h"

namespace sumi::cli {

struct PhotoFilter {
  // The picture by the style or the network, at full strength. `holes` (or null) only if `fills_holes`.
  std::function<Photo(const Photo& photo, const Photo* holes)> run;
  bool fills_holes = false;  // a mask says where the holes are; else it says where the result is laid
  bool finished = false;     // the result is no drawing of the photo (--sheet): nothing is blended
  bool parallel = false;     // several threads may call it at a time
  // How long a picture takes, in seconds of one core of no particular machine: compares sizes.
  std::function<double(double width, double height)> work;
  // --judge: empty if no verdict is wanted.
  std::function<Verdict(const Photo& photo, const Photo& result)> judge;
};

// By the style or the model of the arguments, which get the model's direction. Of a style: size, depth and alpha stay; with --sheet
// the sheet of all styles, 8 bits, of the photograph at 720 pixels at most. Of a model: Converter's or comic_picture()'s result, and
// errors as open_model's. `warn` is told once where faces cannot be looked for.
PhotoFilter photo_filter(ConvertArguments& args, std::function<void(const std::string&)> warn);

}  // namespace sumi::cli
