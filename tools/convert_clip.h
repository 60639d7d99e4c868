// sumi convert for clips: moving images in, moving images out.
#pragma once

#include "tools/convert_options.h"

namespace sumi::cli {

// By the names: the output is a clip, a pattern of frames, or an input is a clip. Animated GIF,
// WebP and PNG files are clips where the output is one.
bool is_clip_call(const ConvertArguments& args);

// Converts them, one after another. Returns the exit code.
int convert_clips(ConvertArguments& args);

}  // namespace sumi::cli
