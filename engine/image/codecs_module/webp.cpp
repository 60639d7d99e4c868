#include "engine/image/codecs_module/webp.h"

#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <memory>

#include "engine/image/image_file.h"
#include "engine/image/image_header.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

using Mux = std::unique_ptr<WebPMux, void (*)(WebPMux*)>;

std::string chunk(const WebPMux* mux, const char* name) {
  WebPData data{nullptr, 0};
  if (WebPMuxGetChunk(mux, name, &data) != WEBP_MUX_OK) return "";
  return {reinterpret_cast<const char*>(data.bytes), data.size};
}

// A frame's bitstream, which the demuxer may have assembled, and its position on the canvas.
struct Frame {
  WebPMuxFrameInfo info{};
  ~Frame() { WebPDataClear(&info.bitstream); }
  Frame() = default;
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
};

}  // namespace

Decoded decode_webp(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::string where = "image " + path.string();
  const auto give_up = [&]() { fail(where, "cannot be decoded; it is truncated or damaged: copy it again"); };
  // Read, not mapped: if the file is truncated meanwhile, the image is broken, but the process
  // continues.
  const std::string file = read_file(path, kMaxImageBytes);
  const WebPData data{reinterpret_cast<const std::uint8_t*>(file.data()), file.size()};
  const Mux mux(WebPMuxCreate(&data, 0), WebPMuxDelete);
  Frame first;
  int width = 0, height = 0, frames = 0;
  std::uint32_t flags = 0;
  if (!mux || WebPMuxGetCanvasSize(mux.get(), &width, &height) != WEBP_MUX_OK ||
      WebPMuxGetFeatures(mux.get(), &flags) != WEBP_MUX_OK ||
      WebPMuxGetFrame(mux.get(), 1, &first.info) != WEBP_MUX_OK)
    give_up();
  WebPMuxNumChunks(mux.get(), WEBP_CHUNK_ANMF, &frames);
  check_size(where, width, height, file.size(), options.max_pixels);
  const WebPData& stream = first.info.bitstream;
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(stream.bytes, stream.size, &features) != VP8_STATUS_OK) give_up();
  const int x = frames > 0 ? first.info.x_offset : 0, y = frames > 0 ? first.info.y_offset : 0;
  if (x < 0 || y < 0 || features.width > width - x || features.height > height - y) give_up();

  Decoded d;
  d.width = width;
  d.height = height;
  const bool partly = features.width != width || features.height != height;
  d.channels = features.has_alpha != 0 || partly ? 4 : 3;
  d.alpha = d.channels == 4 ? 3 : -1;
  d.straight = true;
  const auto channels = static_cast<std::size_t>(d.channels),
             stride = static_cast<std::size_t>(width) * channels;
  const std::size_t bytes = stride * static_cast<std::size_t>(height);
  d.data = zeroed(bytes);
  const std::size_t at = static_cast<std::size_t>(y) * stride + static_cast<std::size_t>(x) * channels;
  const auto decode = d.channels == 4 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (decode(stream.bytes, stream.size, d.data.get() + at, bytes - at, static_cast<int>(stride)) == nullptr)
    give_up();
  if (options.profile) d.profile = chunk(mux.get(), "ICCP");
  if (frames > 1) add_remark(d.remark, first_of("frame", frames));
  return d;
}

std::string webp_with_exif(const std::string& file, const std::string& exif) {
  const auto bytes = [](const std::string& text) {
    return WebPData{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  };
  const WebPData image = bytes(file), chunk = bytes(exif);
  const Mux mux(WebPMuxCreate(&image, 0), WebPMuxDelete);
  WebPData whole{nullptr, 0};
  if (!mux || WebPMuxSetChunk(mux.get(), "EXIF", &chunk, 0) != WEBP_MUX_OK ||
      WebPMuxAssemble(mux.get(), &whole) != WEBP_MUX_OK)
    return file;
  const std::unique_ptr<WebPData, void (*)(WebPData*)> owner(&whole, WebPDataClear);
  return {reinterpret_cast<const char*>(whole.bytes), whole.size};
}

std::string write_webp(const std::uint8_t* rgba, int width, int height, int quality) {
  std::uint8_t* output = nullptr;
  const std::size_t size =
      WebPEncodeRGBA(rgba, width, height, 4 * width, static_cast<float>(quality), &output);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(output, WebPFree);
  return {reinterpret_cast<const char*>(output), size};
}

}  // namespace sumi::io
