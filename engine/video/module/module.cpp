// The module's table of functions. All other symbols are hidden.
#include "engine/video/module/assemble.h"
#include "engine/video/module/encoder.h"
#include "engine/video/module/flow.h"
#include "engine/video/module/reader.h"

namespace sumi::video {

extern "C" __attribute__((visibility("default"))) const VideoModule* sumi_video() {
  static const VideoModule table{SUMI_VIDEO_STAMP, open_reader, open_fragment,
                                 assemble,         make_flow,   subtitles_of};
  return &table;
}

}  // namespace sumi::video
