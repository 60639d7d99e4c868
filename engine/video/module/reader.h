// Reads clips (VideoModule::open).
#pragma once

#include <memory>
#include <string>

#include "engine/video/clip.h"

namespace sumi::video {

std::unique_ptr<ClipReader> open_reader(const std::string& path, const ReadOptions& options);

}  // namespace sumi::video
