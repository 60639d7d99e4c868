#include "engine/video/module/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>

namespace sumi::video {
namespace {

bool holds(const AVFormatContext& out, AVCodecID codec) {
  return avformat_query_codec(out.oformat, codec, FF_COMPLIANCE_NORMAL) == 1;
}

bool is(const AVFormatContext& out, const char* container) {
  return std::string(out.oformat->name) == container;
}

// Tags of the file itself, without those of the container and the coding program.
void copy_tags(AVDictionary*& to, const AVDictionary* from) {
  for (const AVDictionaryEntry* tag = nullptr; (tag = av_dict_get(from, "", tag, AV_DICT_IGNORE_SUFFIX));) {
    const std::string key = tag->key;
    if (key != "encoder" && key != "major_brand" && key != "minor_version" && key != "compatible_brands" &&
        key != "rotate" && key != "DURATION" && key.rfind("_STATISTICS", 0) != 0)
      av_dict_set(&to, tag->key, tag->value, 0);
  }
}

class PacketCopy final : public StreamCopy {
 public:
  PacketCopy(AVStream& from, AVFormatContext& out, const std::string& subject)
      : from_(from), subject_(subject) {
    to_ = avformat_new_stream(&out, nullptr);
    if (!to_) throw std::bad_alloc();
    check_av(subject_, "a stream cannot be copied", avcodec_parameters_copy(to_->codecpar, from.codecpar));
    to_->codecpar->codec_tag = 0;
    to_->time_base = from.time_base;
  }

  void put(AVPacket* packet, AVFormatContext& out) override {
    if (!packet) return;
    av_packet_rescale_ts(packet, from_.time_base, to_->time_base);
    if (packet->dts == AV_NOPTS_VALUE) packet->dts = packet->pts;
    // damaged sources; the muxers want ascending times
    if (packet->dts <= last_) packet->dts = last_ + 1;
    packet->pts = std::max(packet->pts, packet->dts);
    last_ = packet->dts;
    packet->stream_index = to_->index;
    packet->pos = -1;
    const int written = av_interleaved_write_frame(&out, packet);
    if (written == AVERROR_INVALIDDATA)  // by the muxer's own parser: the packet, not the disk
      ++dropped_;
    else
      check_av(subject_, "cannot be written", written);
  }

 private:
  AVStream& from_;
  AVStream* to_;
  std::string subject_;
  std::int64_t last_ = INT64_MIN / 2;
};

}  // namespace

std::unique_ptr<StreamCopy> copy_packets(AVStream& from, AVFormatContext& out, const std::string& subject) {
  return std::make_unique<PacketCopy>(from, out, subject);
}

SourceStreams::SourceStreams(const AssembleSpec& spec, AVFormatContext& out,
                             std::vector<std::string>& remarks)
    : spec_(spec), subject_("write " + spec.shown), file_(open_input(spec.source)) {
  copies_.resize(file_->nb_streams);
  const int video = video_stream(*file_);
  if (video >= 0) copy_tags(out.streams[0]->metadata, file_->streams[video]->metadata);
  for (unsigned i = 0; i < file_->nb_streams; ++i) {
    AVStream& stream = *file_->streams[i];
    const unsigned before = out.nb_streams;
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO && spec.audio) add_audio(stream, out, remarks);
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE) add_subtitles(stream, out, remarks);
    if (!copies_[i]) {
      stream.discard = AVDISCARD_ALL;
      continue;
    }
    for (unsigned j = before; j < out.nb_streams; ++j) {
      out.streams[j]->disposition = stream.disposition;
      copy_tags(out.streams[j]->metadata, stream.metadata);
    }
  }
  copy_tags(out.metadata, file_->metadata);
  add_chapters(out);
  if (spec.start > 0)
    av_seek_frame(file_.get(), -1, origin_of(*file_) + static_cast<std::int64_t>(spec.start * AV_TIME_BASE),
                  AVSEEK_FLAG_BACKWARD);
}

SourceStreams::~SourceStreams() = default;

void SourceStreams::add_audio(AVStream& stream, AVFormatContext& out, std::vector<std::string>& remarks) {
  auto& copy = copies_[static_cast<std::size_t>(stream.index)];
  const char* name = avcodec_get_name(stream.codecpar->codec_id);
  if (holds(out, stream.codecpar->codec_id) && stream.codecpar->sample_rate > 0) {
    copy = copy_packets(stream, out, subject_);
    return;
  }
  const char* encoder = is(out, "webm") ? "libopus" : "aac";
  try {
    copy = convert_audio(stream, out, encoder, subject_);
    remarks.push_back(fmt::format("sound was converted from {} to {}, which {} holds", name,
                                  is(out, "webm") ? "Opus" : "AAC", out.oformat->name));
  } catch (const Error&) {
    remarks.push_back(fmt::format("sound was left out: {} cannot be read", name));
  }
}

void SourceStreams::add_subtitles(AVStream& stream, AVFormatContext& out, std::vector<std::string>& remarks) {
  auto& copy = copies_[static_cast<std::size_t>(stream.index)];
  const AVCodecID codec = stream.codecpar->codec_id;
  const char* name = avcodec_get_name(codec);
  if (holds(out, codec)) {
    copy = copy_packets(stream, out, subject_);
    return;
  }
  const AVCodecDescriptor* known = avcodec_descriptor_get(codec);
  if (!known || !(known->props & AV_CODEC_PROP_TEXT_SUB)) {
    remarks.push_back(fmt::format("subtitles were left out: {} does not hold {}; write to .mkv to keep them",
                                  out.oformat->name, name));
    return;
  }
  const char* encoder = is(out, "webm") ? "webvtt" : is(out, "matroska") ? "ass" : "mov_text";
  try {
    copy = convert_text(stream, out, encoder, subject_);
    remarks.push_back(fmt::format("subtitles were converted from {} to {}", name, encoder));
  } catch (const Error&) {
    remarks.push_back(fmt::format("subtitles were left out: {} cannot be read", name));
  }
}

// Shifted by the start and cut at the end. FFmpeg frees them with the file.
void SourceStreams::add_chapters(AVFormatContext& out) const {
  if (file_->nb_chapters == 0) return;
  out.chapters = static_cast<AVChapter**>(av_calloc(file_->nb_chapters, sizeof(AVChapter*)));
  if (!out.chapters) throw std::bad_alloc();
  const AVRational micro{1, AV_TIME_BASE};
  const std::int64_t shift = origin_of(*file_) + std::llround(spec_.start * AV_TIME_BASE);
  const std::int64_t last =
      spec_.end > 0 ? std::llround((spec_.end - spec_.start) * AV_TIME_BASE) : INT64_MAX;
  for (unsigned i = 0; i < file_->nb_chapters; ++i) {
    const AVChapter& from = *file_->chapters[i];
    const std::int64_t begin =
        std::max<std::int64_t>(av_rescale_q(from.start, from.time_base, micro) - shift, 0);
    const std::int64_t end = std::min(av_rescale_q(from.end, from.time_base, micro) - shift, last);
    if (end <= begin) continue;
    auto* chapter = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (!chapter) throw std::bad_alloc();
    out.chapters[out.nb_chapters++] = chapter;
    chapter->id = from.id;
    chapter->time_base = micro;
    chapter->start = begin;
    chapter->end = end;
    av_dict_copy(&chapter->metadata, from.metadata, 0);
  }
}

// The next packet of a stream that is kept, with its time in the new file.
bool SourceStreams::read() {
  while (!has_packet_ && !ended_) {
    if (av_read_frame(file_.get(), packet_.get()) < 0) {
      ended_ = true;
      break;
    }
    const auto index = static_cast<std::size_t>(packet_->stream_index);
    const AVStream& stream = *file_->streams[index];
    const std::int64_t time = packet_->pts != AV_NOPTS_VALUE ? packet_->pts : packet_->dts;
    if (index >= copies_.size() || !copies_[index] || time == AV_NOPTS_VALUE) {
      av_packet_unref(packet_.get());
      continue;
    }
    const std::int64_t shift = av_rescale_q(origin_of(*file_) + std::llround(spec_.start * AV_TIME_BASE),
                                            AV_TIME_BASE_Q, stream.time_base);
    packet_->pts = time - shift;
    if (packet_->dts != AV_NOPTS_VALUE) packet_->dts -= shift;
    packet_time_ = static_cast<double>(packet_->pts) * av_q2d(stream.time_base);
    const bool early = spec_.start > 0 && packet_->pts < 0;
    const bool late = spec_.end > 0 && packet_time_ >= spec_.end - spec_.start;
    has_packet_ = !early && !late;
    if (!has_packet_) av_packet_unref(packet_.get());
  }
  return has_packet_;
}

void SourceStreams::write_until(double seconds, AVFormatContext& out) {
  while (read() && packet_time_ <= seconds) {
    copies_[static_cast<std::size_t>(packet_->stream_index)]->put(packet_.get(), out);
    av_packet_unref(packet_.get());
    has_packet_ = false;
  }
}

void SourceStreams::finish(AVFormatContext& out, std::vector<std::string>& remarks) {
  write_until(INFINITY, out);
  std::int64_t dropped = 0;
  for (const auto& copy : copies_) {
    if (!copy) continue;
    copy->put(nullptr, out);
    dropped += copy->dropped();
  }
  if (dropped > 0)
    remarks.push_back(fmt::format("{} damaged packets of sound or subtitles were left out", dropped));
}

}  // namespace sumi::video
