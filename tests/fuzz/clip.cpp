// A clip of any format, read as sumi convert does, from its start and from its middle, and its
// subtitles. FFmpeg's libraries parse it; ours must hand on no damage.
#include "engine/video/clip.h"

#include <cmath>

#include "tests/fuzz/target.h"

namespace {

void read_frames(const std::filesystem::path& path, double start, int most) {
  sumi::video::ReadOptions options;
  options.start = start;
  options.max_pixels = 1 << 16;
  options.max_size = 256;
  const auto reader = sumi::video::open_clip(path, options);
  const sumi::video::ClipInfo& info = reader->info();
  fuzz::require(info.width > 0 && info.height > 0 && info.width <= 256 && info.height <= 256, "a size");
  fuzz::require(info.time_base.num > 0 && info.time_base.den > 0, "a time base");
  fuzz::require(info.seconds >= 0 && info.frames >= 0, "a length");
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
  fuzz::require(reader->dropped() >= 0, "a count of what was left out");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file(".clip");
  const auto& path = file.put(data, size);
  fuzz::use_or_refuse(path, [&] { read_frames(path, 0, 40); });
  fuzz::use_or_refuse(path, [&] { read_frames(path, 0.05, 8); });
  fuzz::use_or_refuse(path, [&] {
    for (const sumi::video::Subtitle& subtitle : sumi::video::read_subtitles(path)) {
      fuzz::require(std::isfinite(subtitle.start) && subtitle.end >= subtitle.start, "times of a text");
      fuzz::touch(subtitle.text.data(), subtitle.text.size());
    }
  });
  return 0;
}
