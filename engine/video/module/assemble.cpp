#include "engine/video/module/assemble.h"

#include <fmt/format.h>

#include <new>
#include <optional>

#include "engine/video/module/encoder.h"
#include "engine/video/module/fragments.h"
#include "engine/video/module/streams.h"

namespace sumi::video {

std::vector<std::string> assemble(const AssembleSpec& spec) {
  std::vector<std::string> remarks;
  if (spec.encoded.codec == "lossless") {
    assemble_animation(spec);
    return remarks;
  }
  const std::string subject = "write " + spec.shown;
  FragmentPackets packets(spec);
  Av<AVFormatContext> file = open_output(spec.target, spec.shown, spec.container.c_str());
  AVStream* stream = avformat_new_stream(file.get(), nullptr);
  if (!stream) throw std::bad_alloc();
  check_av(subject, "cannot be written", avcodec_parameters_copy(stream->codecpar, &packets.parameters()));
  stream->codecpar->codec_tag =
      spec.encoded.codec == "hevc" && spec.container != "matroska" ? MKTAG('h', 'v', 'c', '1') : 0;
  // NUT does not keep them, and not every codec does.
  stream->codecpar->color_space = static_cast<AVColorSpace>(spec.encoded.color.matrix);
  stream->codecpar->color_primaries = static_cast<AVColorPrimaries>(spec.encoded.color.primaries);
  stream->codecpar->color_trc = static_cast<AVColorTransferCharacteristic>(spec.encoded.color.transfer);
  stream->codecpar->color_range = spec.encoded.color.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  if (spec.encoded.alpha) av_dict_set(&stream->metadata, "alpha_mode", "1", 0);
  stream->time_base = packets.time_base();
  if (spec.encoded.frame_rate.num > 0) stream->avg_frame_rate = to_av(spec.encoded.frame_rate);
  stream->sample_aspect_ratio = stream->codecpar->sample_aspect_ratio = {1, 1};
  std::optional<SourceStreams> others;
  if (!spec.source.empty()) others.emplace(spec, *file, remarks);
  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "+faststart+write_colr", 0);  // plays while it loads
  const int begun = avformat_write_header(file.get(), &options);
  av_dict_free(&options);
  check_av(subject, "cannot be written", begun);
  const AVRational given = packets.time_base();
  const Av<AVPacket> packet = new_packet();
  while (packets.next(*packet)) {
    if (others) others->write_until(static_cast<double>(packet->dts) * av_q2d(given), *file);
    av_packet_rescale_ts(packet.get(), given, stream->time_base);
    packet->stream_index = stream->index;
    check_av(subject, "cannot be written", av_interleaved_write_frame(file.get(), packet.get()));
  }
  if (others) others->finish(*file, remarks);
  close_output(file, spec.shown);
  return remarks;
}

}  // namespace sumi::video
