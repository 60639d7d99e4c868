// Fragments become the finished file (VideoModule::assemble).
#pragma once

#include <string>
#include <vector>

#include "engine/video/video_module.h"

namespace sumi::video {

std::vector<std::string> assemble(const AssembleSpec& spec);

// GIF, WebP and APNG, which are encoded from lossless fragments: a GIF's palettes are made of whole
// shots.
void assemble_animation(const AssembleSpec& spec);

}  // namespace sumi::video
