#include "engine/video/module/geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace sumi::video {
namespace {

constexpr int kRgb = AVCOL_SPC_RGB;

bool is_rgb(AVPixelFormat format) {
  const AVPixFmtDescriptor* known = av_pix_fmt_desc_get(format);
  return known && (known->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
}

// Square pixels: the side that is too short for the aspect grows.
std::pair<int, int> square_size(const AVFrame& frame) {
  const AVRational aspect = frame.sample_aspect_ratio;
  const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
  if (!(ratio > 1.0 / 16 && ratio < 16)) return {frame.width, frame.height};
  const auto grown = [](int side, double by) { return static_cast<int>(std::lround(side * by)); };
  return ratio >= 1 ? std::pair{grown(frame.width, ratio), frame.height}
                    : std::pair{frame.width, grown(frame.height, 1 / ratio)};
}

}  // namespace

const char* matrix_name(int matrix) {
  switch (matrix) {
    case AVCOL_SPC_BT709:
      return "bt709";
    case AVCOL_SPC_FCC:
      return "fcc";
    case AVCOL_SPC_SMPTE240M:
      return "smpte240m";
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return "bt2020";
    default:
      return "smpte170m";
  }
}

bool has_alpha(AVPixelFormat format) {
  const AVPixFmtDescriptor* known = av_pix_fmt_desc_get(format);
  // Palettes may have it; GIF's have.
  return known && (known->flags & AV_PIX_FMT_FLAG_ALPHA);
}

const char* rgb_format(AVPixelFormat format) {
  if (!has_alpha(format)) return "rgb48le";
  return bits_of(format) > 8 ? "rgba64le" : "rgba";
}

int bits_of(AVPixelFormat format) {
  const AVPixFmtDescriptor* known = av_pix_fmt_desc_get(format);
  return known ? known->comp[0].depth : 8;
}

std::string upright_filters(const std::int32_t* matrix) {
  if (!matrix) return "";
  const double angle = av_display_rotation_get(matrix);  // counter-clockwise
  if (std::isnan(angle)) return "";
  double turn = std::fmod(-std::round(angle), 360);
  if (turn < 0) turn += 360;
  const auto near = [turn](double wanted) { return std::abs(turn - wanted) < 1; };
  if (near(90)) return matrix[3] > 0 ? "transpose=cclock_flip," : "transpose=clock,";
  if (near(270)) return matrix[3] < 0 ? "transpose=clock_flip," : "transpose=cclock,";
  if (near(180)) return std::string(matrix[0] < 0 ? "hflip," : "") + (matrix[4] < 0 ? "vflip," : "");
  if (near(0) || near(360)) return matrix[4] < 0 ? "vflip," : "";
  return "";
}

ColorTags tags_of(const AVFrame& frame) {
  ColorTags tags{frame.colorspace, frame.color_primaries, frame.color_trc,
                 frame.color_range == AVCOL_RANGE_JPEG};
  const auto format = static_cast<AVPixelFormat>(frame.format);
  if (format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P || format == AV_PIX_FMT_YUVJ444P ||
      format == AV_PIX_FMT_YUVJ440P)
    tags.full_range = true;
  const bool large = frame.height >= 720 || frame.width >= 1280;
  const int usual = large ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;  // the same codes of all three
  const auto unknown = [](int code) { return code == 2 || code == 0 || code == 3; };
  if (is_rgb(format)) {  // what is written from it is YUV
    tags.full_range = false;
    tags.matrix = usual;
  } else if (unknown(tags.matrix) || tags.matrix == kRgb) {
    tags.matrix = usual;
  }
  const int family =
      tags.matrix == AVCOL_SPC_BT709 || tags.matrix == AVCOL_SPC_SMPTE170M ? tags.matrix : usual;
  if (unknown(tags.primaries))
    tags.primaries = tags.matrix == AVCOL_SPC_BT2020_NCL ? AVCOL_PRI_BT2020 : family;
  if (unknown(tags.transfer)) tags.transfer = family;
  return tags;
}

bool is_hdr(const ColorTags& tags) {
  return tags.transfer == AVCOL_TRC_SMPTE2084 || tags.transfer == AVCOL_TRC_ARIB_STD_B67;
}

std::string frame_filters(const AVFrame& frame, const ChainOptions& options) {
  const ColorTags tags = tags_of(frame);
  const auto format = static_cast<AVPixelFormat>(frame.format);
  std::string chain = options.interlaced ? "yadif=deint=interlaced," : "";
  auto [width, height] = square_size(frame);
  const int longer = std::max(width, height);
  if (options.max_size > 0 && longer > options.max_size) {
    const auto shrunk = [&](int side) {
      return std::max(static_cast<int>(std::lround(static_cast<double>(side) * options.max_size / longer)),
                      1);
    };
    width = shrunk(width);
    height = shrunk(height);
  }
  const char *matrix = matrix_name(tags.matrix), *range = tags.full_range ? "pc" : "tv";
  if (is_hdr(tags)) {
    chain += fmt::format(
        "zscale=min=2020_ncl:pin=2020:tin={}:rin={}:t=linear:npl=100,format=gbrpf32le,zscale=p=709,"
        "tonemap=hable:desat=0,zscale=t=709:m=709:r=tv,format=yuv444p12le,",
        tags.transfer == AVCOL_TRC_SMPTE2084 ? "smpte2084" : "arib-std-b67",
        tags.full_range ? "full" : "limited");
    matrix = "bt709";
    range = "tv";
  }
  chain += fmt::format("scale=w={}:h={}:flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp", width,
                       height);
  if (!is_rgb(format)) chain += fmt::format(":in_color_matrix={}:in_range={}", matrix, range);
  chain += fmt::format(":out_range=pc,format={},", rgb_format(format));
  chain += upright_filters(options.matrix);
  if (options.fps.num > 0) chain += fmt::format("fps={}/{},", options.fps.num, options.fps.den);
  return chain + "setsar=1";
}

}  // namespace sumi::video
