#include "engine/load_module.h"
#include "engine/video/video_module.h"

namespace sumi::video {

const VideoModule& video_module() {
#ifdef SUMI_VIDEO_FILE
  static const VideoModule& module = load_module<VideoUnavailable, VideoModule>(  // retried if it throws
      {"video", "SUMI_VIDEO", SUMI_VIDEO_FILE, SUMI_VIDEO_DIR, "sumi_video"}, SUMI_VIDEO_STAMP);
  return module;
#else
  throw VideoUnavailable("[video] this build of sumi was made with SUMI_VIDEO=OFF and reads no clips");
#endif
}

}  // namespace sumi::video
