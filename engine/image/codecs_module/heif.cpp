#include "engine/image/codecs_module/heif.h"

#include <fmt/format.h>
#include <libheif/heif.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "engine/image/byte_order.h"
#include "engine/image/codecs_module/code_points.h"
#include "engine/image/codecs_module/hevc.h"
#include "engine/image/image_file.h"
#include "engine/image/image_header.h"
#include "engine/image/metadata_in.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

template <class T, void (*Free)(T*)>
struct FreeBy {
  void operator()(T* t) const { Free(t); }
};
void free_handle(heif_image_handle* handle) {
  heif_image_handle_release(handle);
}
void free_image(heif_image* image) {
  heif_image_release(image);
}
using Context = std::unique_ptr<heif_context, FreeBy<heif_context, heif_context_free>>;
using Handle = std::unique_ptr<heif_image_handle, FreeBy<heif_image_handle, free_handle>>;
using Nclx =
    std::unique_ptr<heif_color_profile_nclx, FreeBy<heif_color_profile_nclx, heif_nclx_color_profile_free>>;
using Image = std::unique_ptr<heif_image, FreeBy<heif_image, free_image>>;

// An image's ICC profile, if the file has one.
std::string profile_of(const heif_image_handle* handle) {
  const auto kind = heif_image_handle_get_color_profile_type(handle);
  if (kind != heif_color_profile_type_prof && kind != heif_color_profile_type_rICC) return "";
  std::string profile(heif_image_handle_get_raw_color_profile_size(handle), '\0');
  const heif_error error = heif_image_handle_get_raw_color_profile(handle, profile.data());
  return error.code == heif_error_Ok ? profile : "";
}

// Code points: from the file, from a stream that libheif parses (AV1), or from one that it does not
// parse (HEVC).
void read_code_points(const std::filesystem::path& path, const heif_image_handle* handle,
                      const heif_image* image, Decoded& d) {
  heif_color_profile_nclx* found = nullptr;
  CodePoints points;
  if (heif_image_handle_get_nclx_color_profile(handle, &found).code == heif_error_Ok ||
      heif_image_get_nclx_color_profile(image, &found).code == heif_error_Ok) {
    const Nclx nclx(found);
    points = {nclx->color_primaries, nclx->transfer_characteristics};
  } else {
    points = hevc_code_points(read_file(path, kMaxImageBytes));
  }
  bool hdr = false;
  d.profile = profile_of_code_points(points.primaries, points.transfer, hdr);
  if (hdr) add_remark(d.remark, "is HDR, of which what is brighter than white (203 cd/m2) was clipped");
}

// EXIF. Its orientation is duplicated in the file, and libheif has applied that.
Metadata metadata_of(const heif_image_handle* handle) {
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) != 1) return {};
  constexpr std::size_t kMost = 1 << 20;
  const std::size_t size = heif_image_handle_get_metadata_size(handle, id);
  if (size <= 4 || size > kMost) return {};
  std::string block(size, '\0');  // four bytes give the number of further bytes to skip
  if (heif_image_handle_get_metadata(handle, id, block.data()).code != heif_error_Ok) return {};
  const std::size_t skip = 4 + std::size_t{number_at(block, 0, 4, true)};
  return skip < size ? metadata_of_exif(block.substr(skip)).kept : Metadata{};
}

}  // namespace

Decoded decode_heif(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::string where = "image " + path.string();
  const auto check = [&](const heif_error& error) {
    if (error.code != heif_error_Ok)
      fail(where,
           fmt::format("cannot be decoded: {}; it is damaged: copy it again", one_line(error.message)));
  };
  const Context context(heif_context_alloc());
  heif_context_set_max_decoding_threads(context.get(), 0);  // training uses OpenMP's threads
  check(heif_context_read_from_file(context.get(), path.c_str(), nullptr));
  heif_image_handle* found = nullptr;
  check(heif_context_get_primary_image_handle(context.get(), &found));
  const Handle handle(found);

  Decoded d;
  d.width = heif_image_handle_get_width(handle.get());
  d.height = heif_image_handle_get_height(handle.get());
  if (d.width <= 0 || d.height <= 0) fail(where, "has no size; it is damaged: copy it again");
  check_size(where, d.width, d.height, std::filesystem::file_size(path), options.max_pixels);
  const bool alpha = heif_image_handle_has_alpha_channel(handle.get()) != 0;
  d.channels = alpha ? 4 : 3;
  d.alpha = alpha ? 3 : -1;
  d.straight = heif_image_handle_is_premultiplied_alpha(handle.get()) == 0;
  if (options.profile) d.profile = profile_of(handle.get());
  const bool many_bits = heif_image_handle_get_luma_bits_per_pixel(handle.get()) > 8;
  d.depth = (options.deep || options.profile) && many_bits ? 16 : 8;

  const heif_chroma chroma =
      d.depth == 16 ? (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
                    : (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
  heif_image* decoded = nullptr;
  check(heif_decode_image(handle.get(), &decoded, heif_colorspace_RGB, chroma, nullptr));
  const Image image(decoded);
  if (heif_image_get_width(decoded, heif_channel_interleaved) != d.width ||
      heif_image_get_height(decoded, heif_channel_interleaved) != d.height)
    fail(where, "holds another size than it says; it is damaged: copy it again");
  int stride = 0;
  const std::uint8_t* const plane = heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &stride);
  const std::size_t row = static_cast<std::size_t>(d.width) * static_cast<std::size_t>(d.channels) *
                          static_cast<std::size_t>(d.depth / 8);
  if (plane == nullptr || stride < 0 || static_cast<std::size_t>(stride) < row)
    fail(where, "cannot be decoded; it is damaged: copy it again");
  d.data = zeroed(row * static_cast<std::size_t>(d.height));
  for (std::size_t y = 0; y < static_cast<std::size_t>(d.height); ++y)
    std::memcpy(d.data.get() + y * row, plane + y * static_cast<std::size_t>(stride), row);
  if (options.profile && d.profile.empty()) read_code_points(path, handle.get(), decoded, d);
  d.metadata = metadata_of(handle.get());
  const int images = heif_context_get_number_of_top_level_images(context.get());
  if (images > 1)
    add_remark(d.remark, fmt::format("holds {} images, of which the main one was taken", images));
  if (d.depth == 8) return d;
  // 10 or 12 bits are in the low bits of 16.
  const int bits = heif_image_get_bits_per_pixel_range(decoded, heif_channel_interleaved);
  if (bits < 9 || bits > 16) fail(where, fmt::format("has {} bits a sample, which is not possible", bits));
  const std::uint32_t most = (1U << bits) - 1;
  auto* const samples = reinterpret_cast<std::uint16_t*>(d.data.get());
  for (std::size_t i = 0; i < d.pixels() * static_cast<std::size_t>(d.channels); ++i)
    samples[i] =
        static_cast<std::uint16_t>((std::min<std::uint32_t>(samples[i], most) * 65535U + most / 2) / most);
  return d;
}

}  // namespace sumi::io
