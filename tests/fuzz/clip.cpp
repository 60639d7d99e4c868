// A clip of any format, read as sumi convert does. FFmpeg's libraries parse it; ours must hand on
// no damage.
#include "engine/video/clip.h"

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file(".clip");
  constexpr int most = 40;  // frames
  const auto& path = file.put(data, size);
  fuzz::use_or_refuse(path, [&] {
    sumi::video::ReadOptions options;
    options.max_pixels = 1 << 16;
    options.max_size = 256;
    const auto reader = sumi::video::open_clip(path, options);
    const sumi::video::ClipInfo& info = reader->info();
    fuzz::require(info.width > 0 && info.height > 0 && info.width <= 256 && info.height <= 256, "a size");
    fuzz::require(info.time_base.num > 0 && info.time_base.den > 0, "a time base");
    sumi::video::Frame frame;
    std::int64_t last = -1;
    for (int i = 0; i < most && reader->next(frame); ++i) {
      fuzz::require(frame.width == info.width && frame.height == info.height, "frames of one size");
      fuzz::require(frame.rgb.size() == std::size_t{3} * static_cast<std::size_t>(frame.width) *
                                            static_cast<std::size_t>(frame.height),
                    "all colors");
      fuzz::require(frame.pts > last && frame.duration > 0, "times that ascend");
      last = frame.pts;
      fuzz::touch(frame.rgb.data(), frame.rgb.size() * 2);
      fuzz::touch(frame.alpha.data(), frame.alpha.size() * 2);
    }
  });
  return 0;
}
