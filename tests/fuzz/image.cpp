// An image of any format, read as in training and conversion. The first bytes identify the format;
// a name that ends in .tga covers the one format without magic number.
#include "engine/image/image.h"
#include "engine/image/photo.h"
#include "tests/fuzz/target.h"

using namespace sumi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file(".tga");
  constexpr std::int64_t most = 1 << 16;  // pixels: large ones only cost time
  const auto& path = file.put(data, size);
  fuzz::use_or_refuse(path, [&] {
    const Photo photo = load_photo(path, most);
    fuzz::require(photo.rgb.size() == photo.pixels() * 3, "all colors");
    fuzz::require(photo.alpha.empty() || photo.alpha.size() == photo.pixels(), "all of alpha");
    fuzz::touch(photo.rgb.data(), photo.rgb.size() * 2);
    fuzz::touch(photo.alpha.data(), photo.alpha.size() * 2);
    const Image8 image = load_image(path, {.channels = size % 2 == 0 ? 3 : 1, .max_pixels = most});
    fuzz::require(image.width == photo.width && image.height == photo.height, "the same size twice");
    fuzz::touch(image.data.data(), image.data.size());
  });
  return 0;
}
