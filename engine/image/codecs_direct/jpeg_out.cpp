#include "engine/image/codecs_direct/jpeg_out.h"

#include <jpeglib.h>
#include <cstdio>  // jpeglib.h uses FILE

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdlib>

namespace sumi::io {
namespace {

constexpr int kFullColor = 90;  // the quality from which color is not subsampled

// libjpeg's errors leave through `jump`.
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

struct JpegWriter {
  JpegErrors errors;
  jpeg_compress_struct jpeg{};
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
  JpegWriter() { jpeg.err = &errors.manager; }
  ~JpegWriter() {
    // `bytes` may have been reallocated before an error
    if (jpeg.dest != nullptr) jpeg.dest->term_destination(&jpeg);
    jpeg_destroy_compress(&jpeg);
    std::free(bytes);
  }
};

// Returns true if `work`, which calls libjpeg and holds nothing with a destructor, completes.
template <class Work>
bool completes(JpegErrors& errors, const Work& work) {
  if (setjmp(errors.jump) != 0) return false;
  work();
  return true;
}

}  // namespace

std::optional<std::string> encode_jpeg(const Samples& s, int quality) {
  if (s.depth != 8 || (s.channels != 1 && s.channels != 3)) return {};
  JpegWriter out;
  jpeg_compress_struct& jpeg = out.jpeg;
  const std::size_t row_bytes = static_cast<std::size_t>(s.width) * static_cast<std::size_t>(s.channels);
  // libjpeg only reads the samples
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
