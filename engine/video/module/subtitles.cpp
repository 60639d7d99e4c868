// Subtitles of a clip as texts.
#include <algorithm>
#include <filesystem>
#include <new>
#include <string_view>
#include <utility>

#include "engine/video/module/av.h"
#include "engine/video/module/reader.h"

namespace sumi::video {
namespace {

constexpr std::size_t kMostTexts = 100'000, kMostBytes = 4 << 20;
constexpr int kFieldsBeforeText = 8;  // of a line of ASS, in which FFmpeg hands on all texts

int text_stream(const AVFormatContext& file) {
  for (unsigned i = 0; i < file.nb_streams; ++i) {
    const AVCodecParameters& stream = *file.streams[i]->codecpar;
    const AVCodecDescriptor* codec = avcodec_descriptor_get(stream.codec_id);
    if (stream.codec_type == AVMEDIA_TYPE_SUBTITLE && codec && (codec->props & AV_CODEC_PROP_TEXT_SUB))
      return static_cast<int>(i);
  }
  return -1;
}

// Without styles: {\i1} goes, \N breaks the line, \h is a space.
std::string plain_text(std::string_view line) {
  for (int field = 0; field < kFieldsBeforeText; ++field) {
    const std::size_t comma = line.find(',');
    if (comma == std::string_view::npos) return {};
    line.remove_prefix(comma + 1);
  }
  std::string text;
  while (!line.empty()) {
    if (line.starts_with("{\\") && line.find('}') != std::string_view::npos) {
      line.remove_prefix(line.find('}') + 1);
      continue;
    }
    const bool escaped =
        line.size() > 1 && line[0] == '\\' && (line[1] == 'N' || line[1] == 'n' || line[1] == 'h');
    if (escaped)
      text += line[1] == 'h' ? ' ' : '\n';
    else if (line[0] != '\r')
      text += line[0];
    line.remove_prefix(escaped ? 2 : 1);
  }
  return text;
}

class SubtitleReader {
 public:
  explicit SubtitleReader(const std::string& path) : subject_("clip " + path), file_(open_input(path)) {}

  std::vector<Subtitle> read() {
    const int index = text_stream(*file_);
    if (index < 0) return {};
    stream_ = file_->streams[index];
    for (unsigned i = 0; i < file_->nb_streams; ++i)
      if (static_cast<int>(i) != index) file_->streams[i]->discard = AVDISCARD_ALL;
    open_decoder();
    const Av<AVPacket> packet = new_packet();
    while (texts_.size() < kMostTexts && bytes_ < kMostBytes &&
           av_read_frame(file_.get(), packet.get()) >= 0) {
      if (packet->stream_index == index && packet->pts != AV_NOPTS_VALUE) decode(*packet);
      av_packet_unref(packet.get());
    }
    std::stable_sort(texts_.begin(), texts_.end(),
                     [](const Subtitle& a, const Subtitle& b) { return a.start < b.start; });
    return std::move(texts_);
  }

 private:
  void open_decoder() {
    const AVCodec* codec = avcodec_find_decoder(stream_->codecpar->codec_id);
    if (!codec) fail(subject_, "has subtitles that are not read; give them as a file with --text");
    decoder_.reset(avcodec_alloc_context3(codec));
    if (!decoder_) throw std::bad_alloc();
    check_av(subject_, "its subtitles cannot be read",
             avcodec_parameters_to_context(decoder_.get(), stream_->codecpar));
    decoder_->pkt_timebase = stream_->time_base;
    check_av(subject_, "its subtitles cannot be read", avcodec_open2(decoder_.get(), codec, nullptr));
  }

  // A damaged text is left out.
  void decode(AVPacket& packet) {
    AVSubtitle read{};
    int found = 0;
    if (avcodec_decode_subtitle2(decoder_.get(), &read, &found, &packet) < 0 || !found) return;
    std::string text;
    for (unsigned i = 0; i < read.num_rects; ++i)
      if (read.rects[i]->ass) text += (text.empty() ? "" : "\n") + plain_text(read.rects[i]->ass);
    const double unit = av_q2d(stream_->time_base);
    const double begin = static_cast<double>(packet.pts) * unit -
                         static_cast<double>(origin_of(*file_)) / AV_TIME_BASE +
                         read.start_display_time / 1e3;
    double length = static_cast<double>(packet.duration) * unit;
    if (read.end_display_time > read.start_display_time && read.end_display_time != UINT32_MAX)
      length = (read.end_display_time - read.start_display_time) / 1e3;
    avsubtitle_free(&read);
    if (text.empty()) return;
    bytes_ += text.size();
    texts_.push_back({begin, begin + std::max(length, 0.0), std::move(text)});
  }

  std::string subject_;
  Av<AVFormatContext> file_;
  AVStream* stream_ = nullptr;
  Av<AVCodecContext> decoder_;
  std::vector<Subtitle> texts_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::vector<Subtitle> subtitles_of(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) fail("clip " + path, "there is no such file");
  return SubtitleReader(path).read();
}

}  // namespace sumi::video
