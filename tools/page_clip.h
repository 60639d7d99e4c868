// The images of a comic from a clip: one pass over small copies, then single frames at full size.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/image/photo.h"
#include "tools/page_arguments.h"
#include "tools/page_images.h"

namespace sumi::cli {

// Candidates for key frames, in order of time: the sharpest frame of each tenth of a second, and of
// longer spans where the clip is long, so that there are at most some hundred. Memory does not grow
// with the clip. Their times are the clip's. `warn` gets the reader's remarks; `working` the second
// that is being read.
std::vector<ComicImage> look_at_clip(const PageArguments& args,
                                     const std::function<void(const std::string&)>& warn,
                                     const std::function<void(double)>& working);

// The frame shown at `time` seconds of the clip, at full size.
Photo clip_frame(const PageArguments& args, double time);

}  // namespace sumi::cli
