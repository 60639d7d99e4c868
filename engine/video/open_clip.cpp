#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "engine/image/image_formats.h"
#include "engine/image/photo.h"
#include "engine/video/clip.h"
#include "engine/video/video_module.h"

namespace sumi::video {
namespace {

namespace fs = std::filesystem;

constexpr Rational kFolderRate{25, 1};

// Names in the order of their numbers: 2 before 10.
bool is_before(const fs::path& a, const fs::path& b) {
  const std::string x = a.filename().string(), y = b.filename().string();
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::size_t i = 0, j = 0;
  while (i < x.size() && j < y.size()) {
    if (!is_digit(x[i]) || !is_digit(y[j])) {
      if (x[i] != y[j]) return x[i] < y[j];
      ++i, ++j;
      continue;
    }
    const auto number = [&](const std::string& text, std::size_t& at) {
      const std::size_t begin = std::min(text.find_first_not_of('0', at), text.size());
      at = begin;
      while (at < text.size() && is_digit(text[at])) ++at;
      return text.substr(begin, at - begin);
    };
    const std::string first = number(x, i), second = number(y, j);
    if (first.size() != second.size()) return first.size() < second.size();
    if (first != second) return first < second;
  }
  if ((i == x.size()) != (j == y.size())) return i == x.size();
  return x < y;
}

class FolderReader final : public ClipReader {
 public:
  FolderReader(const fs::path& folder, const ReadOptions& options) : folder_(folder), options_(options) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.is_regular_file(error) && has_image_extension(entry.path())) files_.push_back(entry.path());
    if (files_.empty()) fail(subject(), "holds no images to make a clip of");
    std::sort(files_.begin(), files_.end(), is_before);
    if (options_.fps.num == 0) options_.fps = kFolderRate;
    const double rate = options_.fps.value();
    const auto number = [&](double seconds) {
      return static_cast<std::size_t>(std::max(seconds * rate + 0.5, 0.0));
    };
    at_ = std::min(number(options.start), files_.size());
    if (options.end > 0) files_.resize(std::min(number(options.end), files_.size()));
    if (at_ >= files_.size()) fail(subject(), "has no frames between --start and --end; check the times");
    const Photo first = load(files_[at_]);
    info_.width = first.width;
    info_.height = first.height;
    info_.time_base = {options_.fps.den, options_.fps.num};
    info_.frame_rate = options_.fps;
    info_.frames = static_cast<std::int64_t>(files_.size() - at_);
    info_.seconds = static_cast<double>(info_.frames) / rate;
    info_.depth = first.depth;
    info_.alpha = !first.alpha.empty();
    info_.color = {1, 1, 1, false};
  }

  const ClipInfo& info() const override { return info_; }
  std::int64_t dropped() const override { return 0; }

  bool next(Frame& frame) override {
    if (at_ == files_.size()) return false;
    const fs::path& file = files_[at_++];
    Photo photo = load(file);
    if (photo.width != info_.width || photo.height != info_.height)
      fail("clip " + file.string(),
           fmt::format("is {}x{}, but the first frame {}x{}; all frames must have one size", photo.width,
                       photo.height, info_.width, info_.height));
    frame.width = photo.width;
    frame.height = photo.height;
    frame.rgb = std::move(photo.rgb);
    frame.alpha = std::move(photo.alpha);
    if (info_.alpha && frame.alpha.empty()) frame.alpha.assign(photo.pixels(), 65535);
    if (!info_.alpha) frame.alpha.clear();
    frame.pts = number_++;
    frame.duration = 1;
    return true;
  }

 private:
  std::string subject() const { return "clip " + folder_.string(); }

  Photo load(const fs::path& file) const {
    Photo photo = load_photo(file, options_.max_pixels);
    const int longer = std::max(photo.width, photo.height);
    if (options_.max_size <= 0 || longer <= options_.max_size) return photo;
    const auto shrunk = [&](int side) {
      return std::max(
          static_cast<int>((static_cast<std::int64_t>(side) * options_.max_size + longer / 2) / longer), 1);
    };
    return resize_photo(photo, shrunk(photo.width), shrunk(photo.height));
  }

  fs::path folder_;
  ReadOptions options_;
  std::vector<fs::path> files_;
  std::size_t at_ = 0;
  std::int64_t number_ = 0;
  ClipInfo info_;
};

}  // namespace

std::unique_ptr<ClipReader> open_clip(const fs::path& path, const ReadOptions& options) {
  std::error_code error;
  if (fs::is_directory(path, error)) return std::make_unique<FolderReader>(path, options);
  return video_module().open(path.string(), options);
}

std::vector<Subtitle> read_subtitles(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  return video_module().subtitles(path.string());
}

}  // namespace sumi::video
