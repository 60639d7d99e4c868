#include "engine/io/pictures/webp.h"

#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <memory>

#include "engine/file.h"

namespace sumi::io {
namespace {

constexpr std::uint64_t kMost = 1ULL << 30;

// Read, not mapped: a picture that is cut off meanwhile is then a broken picture, not the end of the process.
const std::uint8_t* bytes_of(const std::string& file) {
  return reinterpret_cast<const std::uint8_t*>(file.data());
}

}  // namespace

bool read_webp(const std::filesystem::path& path, int width, int height, std::uint8_t* rgba) {
  const std::string file = read_file(path, kMost);
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes_of(file), file.size(), &features) != VP8_STATUS_OK || features.has_animation ||
      features.width != width || features.height != height)
    return false;
  const std::size_t stride = static_cast<std::size_t>(width) * 4;
  return WebPDecodeRGBAInto(bytes_of(file), file.size(), rgba, stride * static_cast<std::size_t>(height),
                            static_cast<int>(stride)) != nullptr;
}

std::string webp_chunk(const std::filesystem::path& path, const char* name) {
  const std::string file = read_file(path, kMost);
  const WebPData data{bytes_of(file), file.size()};
  const std::unique_ptr<WebPMux, void (*)(WebPMux*)> mux(WebPMuxCreate(&data, 0), WebPMuxDelete);
  WebPData chunk{nullptr, 0};
  if (!mux || WebPMuxGetChunk(mux.get(), name, &chunk) != WEBP_MUX_OK) return "";
  return {reinterpret_cast<const char*>(chunk.bytes), chunk.size};
}

std::string write_webp(const std::uint8_t* rgba, int width, int height, int quality) {
  std::uint8_t* output = nullptr;
  const std::size_t size =
      WebPEncodeRGBA(rgba, width, height, 4 * width, static_cast<float>(quality), &output);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(output, WebPFree);
  return {reinterpret_cast<const char*>(output), size};
}

}  // namespace sumi::io
