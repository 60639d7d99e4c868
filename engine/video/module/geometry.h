// From a decoder's frames to upright sRGB frames of square pixels, as a chain of filters.
#pragma once

#include <string>
#include <vector>

#include "engine/video/module/av.h"

namespace sumi::video {

// The quarter turns and mirrors of a display matrix (nine 16.16 numbers), as filters with a comma
// behind each; "" for none. Other angles are left out.
std::string upright_filters(const std::int32_t* matrix);

// Tags with nothing unspecified. Unspecified ones follow the practice of players: BT.709 from 720
// rows or 1280 columns on, else SMPTE 170M.
ColorTags tags_of(const AVFrame& frame);

// PQ and HLG carry more light than a drawing has.
bool is_hdr(const ColorTags& tags);

struct ChainOptions {
  int max_size = 0;
  Rational fps;
  bool interlaced = false;               // frames that say so are deinterlaced
  const std::int32_t* matrix = nullptr;  // of the display; may be null
};
// The chain for frames like this one; frames come out in rgb_format().
std::string frame_filters(const AVFrame& frame, const ChainOptions& options);

// The filter scale's name of a matrix (ColorTags::matrix).
const char* matrix_name(int matrix);
bool has_alpha(AVPixelFormat format);
int bits_of(AVPixelFormat format);
// FFmpeg's name of the format that frames are converted to. Alpha of 8 bits stays in 8: swscale
// does not widen it exactly.
const char* rgb_format(AVPixelFormat format);

}  // namespace sumi::video
