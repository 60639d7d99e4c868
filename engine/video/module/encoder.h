// Encodes frames (VideoModule::encode), and the encoders by sumi's names.
#pragma once

#include <memory>
#include <string>

#include "engine/video/module/av.h"
#include "engine/video/video_module.h"

namespace sumi::video {

std::unique_ptr<FragmentEncoder> open_fragment(const std::string& path, const std::string& shown,
                                               const EncodeSpec& spec);

// Frames in, packets out: send a frame or null, then receive until false.
bool receive_packet(AVCodecContext& encoder, AVPacket& packet, const std::string& subject);

// A muxer for a local file.
Av<AVFormatContext> open_output(const std::string& path, const std::string& shown, const char* format);
// The trailer, and the errors that only closing shows.
void close_output(Av<AVFormatContext>& file, const std::string& shown);

}  // namespace sumi::video
