#include "tools/image_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

#include "engine/error.h"
#include "engine/image/image_formats.h"
#include "engine/serialize/file.h"
#include "engine/video/containers.h"
#include "tools/cli/cli.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

struct Pattern {
  std::size_t begin = std::string::npos, end = 0;
  int digits = 0;
};

// "{}", "{:05}", "%d" or "%05d".
Pattern find_pattern(const std::string& text) {
  Pattern p;
  const auto number = [&](std::size_t& at) {
    int digits = 0;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) && digits < 100; ++at)
      digits = digits * 10 + (text[at] - '0');
    return std::min(digits, 18);
  };
  for (std::size_t start = 0; start < text.size(); ++start) {
    std::size_t at = start + 1;
    if (text[start] == '{') {
      if (at < text.size() && text[at] == ':') ++at;
      p.digits = number(at);
      if (at < text.size() && text[at] == 'd') ++at;
      if (at >= text.size() || text[at] != '}') continue;
    } else if (text[start] == '%') {
      p.digits = number(at);
      if (at >= text.size() || text[at] != 'd') continue;
    } else {
      continue;
    }
    p.begin = start;
    p.end = at + 1;
    return p;
  }
  p.digits = 0;
  return p;
}

}  // namespace

ImagePath::ImagePath(const std::string& text, std::int64_t count) : count_(count) {
  std::error_code ec;
  const int width = std::max<int>(5, static_cast<int>(std::to_string(count).size()));
  if (text.back() == '/' || fs::is_directory(text, ec)) {
    numbered_ = true;
    before_ = (fs::path(text) / "").string();
    after_ = ".png";
    digits_ = width;
    return;
  }
  const Pattern p = find_pattern(text);
  numbered_ = p.begin != std::string::npos;
  before_ = numbered_ ? text.substr(0, p.begin) : text;
  if (!numbered_) return;
  after_ = text.substr(p.end);
  digits_ = p.digits > 0 ? p.digits : width;
}

fs::path ImagePath::file(std::int64_t index) const {
  return numbered_ ? fmt::format("{}{:0{}}{}", before_, index, digits_, after_) : before_;
}

void ImagePath::prepare() const {
  const fs::path first = file(0);
  if (!has_writable_extension(first))
    fail("write " + first.string(),
         fmt::format("the extension is not that of an image that can be written; use {}", writable_names()));
  // The number in a pattern may be part of a folder's name.
  const std::int64_t folders = after_.find('/') != std::string::npos ? count_ : 1;
  for (std::int64_t i = 0; i < folders; ++i) {
    const fs::path parent = file(i).parent_path();
    std::error_code ec;
    if (!parent.empty()) fs::create_directories(parent, ec);
    if (ec)
      fail("write " + file(i).string(),
           "cannot make its folder: " + ec.message() + "; choose another with -o");
  }
  const AtomicFile probe(first);
}

std::string ImagePath::describe(std::int64_t count) const {
  if (!numbered_ || count == 1) return file(0).string();
  return file(0).string() + " ... " + file(count - 1).string();
}

namespace {

video::ClipSpec square_clip(int side, int frames_per_second) {
  video::ClipSpec spec;
  spec.width = spec.height = side;
  spec.time_base = {1, frames_per_second};
  spec.frame_rate = {frames_per_second, 1};
  return spec;
}

}  // namespace

ImageSink::ImageSink(const ImagePath& path, int side, int frames_per_second) : path_(path) {
  if (frames_per_second > 0) clip_.emplace(path.file(0), square_clip(side, frames_per_second));
}

bool ImageSink::is_clip(const fs::path& target) {
  return video::container_of(target) != nullptr;
}

void ImageSink::check_clip(const fs::path& target) {
  video::check_clip(target, {});
}

void ImageSink::write(Image8 image) {
  if (clip_)
    write_frame(image);
  else if (path_.numbered())
    save_image(path_.file(count_), image);
  else
    sheet_.push_back(std::move(image));
  ++count_;
}

void ImageSink::write_frame(const Image8& image) {
  video::Frame frame;
  frame.width = image.width;
  frame.height = image.height;
  frame.pts = count_;
  frame.duration = 1;
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t step = channels >= 3 ? 1 : 0;  // gray is repeated
  for (std::size_t i = 0; i < image.data.size(); i += channels)
    for (std::size_t c = 0; c < 3; ++c)
      frame.rgb.push_back(static_cast<std::uint16_t>(257 * image.data[i + c * step]));
  clip_->write(frame, count_ == 0);
}

void ImageSink::finish(int columns) {
  if (clip_) clip_->finish();
  if (sheet_.size() == 1) save_image(path_.file(0), sheet_[0]);
  if (sheet_.size() > 1) save_image(path_.file(0), make_sheet(sheet_, columns));
}

}  // namespace sumi::cli
