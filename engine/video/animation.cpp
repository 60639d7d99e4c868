#include <array>
#include <cstring>
#include <fstream>

#include "engine/image/frame_count.h"
#include "engine/image/image_formats.h"
#include "engine/video/clip.h"

namespace sumi::video {

bool is_animation(const std::filesystem::path& path) {
  const std::string extension = io::extension_of(path);
  if (extension == ".gif" || extension == ".png" || extension == ".apng")
    return !io::frames_remark(extension == ".gif" ? "gif" : "png", path).empty();
  if (extension != ".webp") return false;
  // The chunk VP8X and its flag of an animation.
  std::array<char, 21> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  return file.gcount() == static_cast<std::streamsize>(start.size()) &&
         std::memcmp(start.data(), "RIFF", 4) == 0 && std::memcmp(start.data() + 8, "WEBPVP8X", 8) == 0 &&
         (start[20] & 2) != 0;
}

}  // namespace sumi::video
