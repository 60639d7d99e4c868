// An idx file of images or labels. The first byte selects how the rest is stored: raw, gzipped, or
// gzipped and truncated. Mutations of gzipped bytes alone would rarely pass the checksums.
#include "engine/data/idx.h"

#include <zlib.h>

#include <algorithm>

#include "tests/fuzz/target.h"

namespace {

std::string gzipped(const std::uint8_t* data, std::size_t size) {
  z_stream stream{};
  constexpr int gzip = 16;  // added to the window's bits
  fuzz::require(deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + gzip, 8, Z_DEFAULT_STRATEGY) == Z_OK,
                "zlib");
  std::string out(deflateBound(&stream, static_cast<uLong>(size)), '\0');
  stream.next_in = const_cast<Bytef*>(data);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  fuzz::require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static fuzz::MemoryFile file;
  const unsigned how = data[0] % 3;
  std::string bytes = how == 0 ? std::string(data + 1, data + size) : gzipped(data + 1, size - 1);
  if (how == 2) bytes.resize(bytes.size() - std::min<std::size_t>(bytes.size(), 1 + data[0] / 3));
  const auto& path = file.put(bytes.data(), bytes.size());
  for (const std::int64_t most : {0, 2})
    fuzz::use_or_refuse(path, [&] {
      const sumi::IdxImages images = sumi::load_idx(path, most);
      fuzz::require(images.count > 0 && (most == 0 || images.count <= most),
                    "as many images as were asked for");
      fuzz::require(
          images.pixels.size() == static_cast<std::size_t>(images.count * images.rows * images.cols),
          "all pixels");
    });
  fuzz::use_or_refuse(path, [&] { fuzz::require(!sumi::load_idx_labels(path).empty(), "labels"); });
  return 0;
}
