#include "engine/video/containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image_formats.h"
#include "engine/video/clip.h"

namespace sumi::video {
namespace {

const std::vector<Container>& containers() {
  static const std::vector<Container> table{
      {".mp4", "mp4", {"h264", "hevc", "av1", "vp9"}, true, false},
      {".m4v", "mp4", {"h264", "hevc"}, true, false},
      {".mov", "mov", {"h264", "hevc"}, true, false},
      {".mkv", "matroska", {"h264", "hevc", "vp9", "av1", "ffv1"}, true, false},
      {".webm", "webm", {"vp9", "av1"}, true, true},
      {".gif", "gif", {"lossless"}, false, true},
      {".webp", "webp", {"lossless"}, false, true},
      {".apng", "apng", {"lossless"}, false, true},
  };
  return table;
}

struct NamedRange {
  const char* codec;
  CrfRange range;
};
constexpr std::array<NamedRange, 5> kRanges{
    {{"h264", {18, 51}}, {"hevc", {20, 51}}, {"vp9", {28, 63}}, {"av1", {28, 63}}, {"ffv1", {0, 0}}}};

// The place of the number in a name: %d, %6d or %06d. No std::regex: GCC 12 warns inside it under
// sanitizers.
struct NumberPlace {
  std::size_t begin, end;
  int digits;
};
std::optional<NumberPlace> number_place(const std::string& name) {
  const std::size_t begin = name.find('%');
  if (begin == std::string::npos) return std::nullopt;
  std::size_t at = begin + 1;
  int digits = 1;
  if (at < name.size() && name[at] == '0') ++at;
  if (at < name.size() && name[at] >= '1' && name[at] <= '9') digits = name[at++] - '0';
  if (at >= name.size() || name[at] != 'd') return std::nullopt;
  return NumberPlace{begin, at + 1, digits};
}

}  // namespace

const Container* container_of(const std::filesystem::path& path) {
  if (is_frame_pattern(path)) return nullptr;
  const std::string extension = io::extension_of(path);
  for (const Container& container : containers())
    if (container.extension == extension) return &container;
  return nullptr;
}

std::string container_names() {
  std::string names;
  for (const Container& container : containers()) names += (names.empty() ? "" : ", ") + container.extension;
  return names;
}

CrfRange crf_range(const std::string& codec) {
  for (const NamedRange& row : kRanges)
    if (codec == row.codec) return row.range;
  return {};
}

std::string codec_names() {
  std::string names;
  for (const NamedRange& row : kRanges)
    names += (names.empty()                       ? ""
              : row.codec == kRanges.back().codec ? " or "
                                                  : ", ") +
             std::string(row.codec);
  return names;
}

bool is_frame_pattern(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return std::count(name.begin(), name.end(), '%') == 1 && number_place(name) && has_writable_extension(path);
}

std::filesystem::path frame_file(const std::filesystem::path& pattern, long long number) {
  const std::string name = pattern.filename().string();
  const std::optional<NumberPlace> place = number_place(name);
  if (!place) return pattern;
  return pattern.parent_path() / fmt::format("{}{:0{}}{}", name.substr(0, place->begin), number,
                                             place->digits, name.substr(place->end));
}

bool has_clip_extension(const std::filesystem::path& path) {
  static const std::array<const char*, 24> extensions{
      ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m2v", ".ts",  ".mts", ".m2ts",
      ".vob", ".flv", ".wmv", ".asf", ".ogv",  ".3gp", ".3g2", ".y4m",  ".ivf", ".nut", ".mxf", ".apng"};
  const std::string extension = io::extension_of(path);
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const char* known) { return extension == known; });
}

}  // namespace sumi::video
