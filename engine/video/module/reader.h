// Reads clips (VideoModule::open, VideoModule::subtitles).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/video/clip.h"

namespace sumi::video {

std::unique_ptr<ClipReader> open_reader(const std::string& path, const ReadOptions& options);
std::vector<Subtitle> subtitles_of(const std::string& path);

}  // namespace sumi::video
