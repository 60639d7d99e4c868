#include "engine/io/direct/jpeg_file.h"

#include <jpeglib.h>
#include <cstdio>  // jpeglib.h names FILE

#include <algorithm>
#include <csetjmp>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "engine/io/direct/exif.h"
#include "engine/io/picture_size.h"

namespace sumi::io {
namespace {

using namespace std::string_view_literals;

constexpr int kMetadata = JPEG_APP0 + 1, kProfile = JPEG_APP0 + 2;
constexpr unsigned kWholeMarker = 0xffff;
constexpr int kFullColor = 90;   // the quality from which on colour is not halved
constexpr int kMostScans = 100;  // of a progressive file; thousands of scans of nothing take minutes

// libjpeg's errors leave by `jump`; of warnings it only keeps the number.
struct JpegErrors {
  jpeg_error_mgr manager{};
  std::jmp_buf jump{};

  JpegErrors() {
    jpeg_std_error(&manager);
    manager.error_exit = [](j_common_ptr jpeg) {
      std::longjmp(reinterpret_cast<JpegErrors*>(jpeg->err)->jump, 1);
    };
    manager.output_message = [](j_common_ptr) {};
  }
};

struct JpegReader {
  JpegErrors errors;
  jpeg_progress_mgr progress{};
  jpeg_decompress_struct jpeg{};
  JpegReader() {
    jpeg.err = &errors.manager;
    progress.progress_monitor = [](j_common_ptr common) {
      if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > kMostScans)
        common->err->error_exit(common);
    };
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg); }
};
struct JpegWriter {
  JpegErrors errors;
  jpeg_compress_struct jpeg{};
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
  JpegWriter() { jpeg.err = &errors.manager; }
  ~JpegWriter() {
    if (jpeg.dest != nullptr) jpeg.dest->term_destination(&jpeg);  // `bytes` may have moved before an error
    jpeg_destroy_compress(&jpeg);
    std::free(bytes);
  }
};

// Whether `work`, which calls libjpeg and has nothing to destroy, comes to its end.
template <class Work>
bool completes(JpegErrors& errors, const Work& work) {
  if (setjmp(errors.jump) != 0) return false;
  work();
  return true;
}

std::optional<int> orientation_of(const jpeg_decompress_struct& jpeg) {
  constexpr auto kExif = "Exif\0\0"sv, kXmp = "http://ns.adobe.com/xap/1.0/\0"sv;
  std::optional<int> found;
  for (const jpeg_marker_struct* m = jpeg.marker_list; m != nullptr; m = m->next) {
    const std::string_view data(reinterpret_cast<const char*>(m->data), m->data_length);
    if (m->marker != kMetadata) continue;
    if (data.starts_with(kXmp) && data.find("Orientation") != std::string_view::npos) return {};
    if (!data.starts_with("Exif\0"sv)) continue;
    if (found || !data.starts_with(kExif)) return {};
    found = exif_orientation(data.substr(kExif.size()));
    if (!found) return {};
  }
  return found.value_or(1);
}

std::string profile_of(JpegReader& in) {
  JOCTET* bytes = nullptr;
  unsigned count = 0;
  const bool found =
      completes(in.errors, [&] { jpeg_read_icc_profile(&in.jpeg, &bytes, &count); }) && bytes != nullptr;
  const std::unique_ptr<JOCTET, void (*)(void*)> owner(bytes, std::free);
  return found ? std::string(reinterpret_cast<const char*>(bytes), count) : "";
}

bool is_ordinary(const jpeg_decompress_struct& jpeg) {
  return jpeg.data_precision == 8 && ((jpeg.num_components == 1 && jpeg.out_color_space == JCS_GRAYSCALE) ||
                                      (jpeg.num_components == 3 && jpeg.out_color_space == JCS_RGB));
}

}  // namespace

std::optional<Decoded> decode_jpeg(const std::string& where, const std::string& file,
                                   const DecodeOptions& options) {
  JpegReader in;
  jpeg_decompress_struct& jpeg = in.jpeg;
  const bool opened = completes(in.errors, [&] {
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &in.progress;
    jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(file.data()), file.size());
    jpeg_save_markers(&jpeg, kMetadata, kWholeMarker);
    jpeg_save_markers(&jpeg, kProfile, kWholeMarker);
    jpeg_read_header(&jpeg, TRUE);
  });
  if (!opened || in.errors.manager.num_warnings > 0) return {};
  check_size(where, jpeg.image_width, jpeg.image_height, file.size(), options.max_pixels);
  const std::optional<int> orientation = orientation_of(jpeg);
  if (!orientation || !is_ordinary(jpeg)) return {};
  Decoded d;
  d.width = static_cast<int>(jpeg.image_width);
  d.height = static_cast<int>(jpeg.image_height);
  d.channels = jpeg.num_components;
  d.orientation = *orientation;
  if (options.profile) d.profile = profile_of(in);
  const std::size_t row_bytes = static_cast<std::size_t>(d.width) * static_cast<std::size_t>(d.channels);
  d.data = std::make_unique_for_overwrite<std::uint8_t[]>(row_bytes * static_cast<std::size_t>(d.height));
  const bool whole = completes(in.errors, [&] {
    jpeg_start_decompress(&jpeg);
    while (jpeg.output_scanline < jpeg.output_height) {
      JSAMPROW row = d.data.get() + jpeg.output_scanline * row_bytes;
      jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
  });
  if (!whole || in.errors.manager.num_warnings > 0) return {};
  return d;
}

std::optional<std::string> encode_jpeg(const Samples& s, int quality) {
  if (s.depth != 8 || (s.channels != 1 && s.channels != 3)) return {};
  JpegWriter out;
  jpeg_compress_struct& jpeg = out.jpeg;
  const std::size_t row_bytes = static_cast<std::size_t>(s.width) * static_cast<std::size_t>(s.channels);
  // libjpeg only reads them.
  auto* data = const_cast<std::uint8_t*>(static_cast<const std::uint8_t*>(s.data));
  const bool done = completes(out.errors, [&] {
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out.bytes, &out.count);
    jpeg.image_width = static_cast<JDIMENSION>(s.width);
    jpeg.image_height = static_cast<JDIMENSION>(s.height);
    jpeg.input_components = s.channels;
    jpeg.in_color_space = s.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, std::clamp(quality, 1, 100), TRUE);
    if (quality >= kFullColor) jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
      JSAMPROW row = data + jpeg.next_scanline * row_bytes;
      jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
  });
  if (!done) return {};
  return std::string(reinterpret_cast<const char*>(out.bytes), out.count);
}

}  // namespace sumi::io
