#include <webp/demux.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/video/module/frame_source.h"

namespace sumi::video {
namespace {

constexpr std::uintmax_t kMaxBytes = 1U << 30;

struct FreeDecoder {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
  void operator()(WebPDemuxer* container) const { WebPDemuxDelete(container); }
};

std::vector<std::uint8_t> read_bytes(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kMaxBytes) fail("clip " + path, "is larger than 1 GiB; give it in another format");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (file.gcount() != static_cast<std::streamsize>(bytes.size())) fail("clip " + path, "cannot be read");
  return bytes;
}

class WebpSource final : public FrameSource {
 public:
  WebpSource(const std::string& path, std::int64_t max_pixels);
  bool receive(AVFrame* frame) override;

 private:
  std::vector<std::uint8_t> bytes_;
  std::unique_ptr<WebPAnimDecoder, FreeDecoder> decoder_;
  WebPAnimInfo animation_{};
  int shown_until_ = 0;  // milliseconds
};

WebpSource::WebpSource(const std::string& path, std::int64_t max_pixels) : bytes_(read_bytes(path)) {
  const std::string subject = "clip " + path;
  WebPAnimDecoderOptions wanted;
  if (!WebPAnimDecoderOptionsInit(&wanted))
    fail(subject, "this libwebp is of another version; install sumi again");
  wanted.color_mode = MODE_RGBA;
  const WebPData data{bytes_.data(), bytes_.size()};
  const std::unique_ptr<WebPDemuxer, FreeDecoder> container(WebPDemux(&data));
  if (!container) fail(subject, "cannot be read; the file is damaged");
  const std::int64_t width = WebPDemuxGetI(container.get(), WEBP_FF_CANVAS_WIDTH);
  const std::int64_t height = WebPDemuxGetI(container.get(), WEBP_FF_CANVAS_HEIGHT);
  if (width * height > max_pixels) fail(subject, "has more pixels than are read");
  decoder_.reset(WebPAnimDecoderNew(&data, &wanted));
  if (!decoder_ || !WebPAnimDecoderGetInfo(decoder_.get(), &animation_))
    fail(subject, "cannot be read; the file is damaged");
  info_.frames = animation_.frame_count;
}

bool WebpSource::receive(AVFrame* frame) {
  std::uint8_t* pixels = nullptr;
  int until = 0;
  if (!WebPAnimDecoderHasMoreFrames(decoder_.get())) return false;
  if (!WebPAnimDecoderGetNext(decoder_.get(), &pixels, &until)) {
    ++dropped_;
    return false;
  }
  frame->format = AV_PIX_FMT_RGBA;
  frame->width = static_cast<int>(animation_.canvas_width);
  frame->height = static_cast<int>(animation_.canvas_height);
  check_av("clip", "out of memory", av_frame_get_buffer(frame, 0));
  const std::size_t row = static_cast<std::size_t>(frame->width) * 4;
  for (int y = 0; y < frame->height; ++y)
    std::memcpy(frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0],
                pixels + static_cast<std::size_t>(y) * row, row);
  frame->best_effort_timestamp = frame->pts = shown_until_;
  frame->pkt_duration = std::max(until - shown_until_, 1);
  shown_until_ = std::max(until, shown_until_ + 1);
  return true;
}

}  // namespace

bool is_animated_webp(const std::string& path) {
  char start[21] = {};
  std::ifstream file(path, std::ios::binary);
  file.read(start, sizeof start);
  return file.gcount() == sizeof start && std::memcmp(start, "RIFF", 4) == 0 &&
         std::memcmp(start + 8, "WEBPVP8X", 8) == 0 && (start[20] & 2) != 0;
}

std::unique_ptr<FrameSource> open_webp_source(const std::string& path, std::int64_t max_pixels) {
  return std::make_unique<WebpSource>(path, max_pixels);
}

}  // namespace sumi::video
