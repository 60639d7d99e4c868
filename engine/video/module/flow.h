// Optical flow by OpenCV (VideoModule::flow).
#pragma once

#include <memory>

#include "engine/video/video_module.h"

namespace sumi::video {

std::unique_ptr<DenseFlow> make_flow(FlowQuality quality);

}  // namespace sumi::video
