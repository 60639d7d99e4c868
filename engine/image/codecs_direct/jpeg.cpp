#include "engine/image/codecs_direct/jpeg.h"

#include <cstdio>  // required by jpeglib.h

#include <fmt/format.h>
#include <jpeglib.h>

#include <jerror.h>  // after jpeglib.h, whose version it checks

#include <csetjmp>

#include <algorithm>
#include <array>

#include "engine/image/image_file.h"
#include "engine/image/image_header.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

constexpr int kMaxScans = 500;

// The state of libjpeg's callbacks; errors jump.
struct Decompress {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> message{}, warning{};
  bool foreign = false;      // an unsupported kind of JPEG rather than damage
  bool ended = false;        // the end marker is missing
  long starved_at = -1;      // row of blocks in which the data ended
  bool lacks_scans = false;  // of a progressive file
  std::uint8_t* rows = nullptr;
  std::size_t row_bytes = 0;
  JOCTET* profile = nullptr;  // from malloc
  unsigned profile_bytes = 0;
};

Decompress& state_of(j_common_ptr info) {
  return *static_cast<Decompress*>(info->client_data);
}

[[noreturn]] void on_error(j_common_ptr info) {
  Decompress& state = state_of(info);
  info->err->format_message(info, state.message.data());
  const int code = info->err->msg_code;
  state.foreign = code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED ||
                  code == JERR_CONVERSION_NOTIMPL || code == JERR_ARITH_NOTIMPL ||
                  code == JERR_COMPONENT_COUNT || code == JERR_WIDTH_OVERFLOW;
  std::longjmp(state.jump, 1);
}

void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  Decompress& state = state_of(info);
  const int code = info->err->msg_code;
  if (code == JWRN_JPEG_EOF) {
    state.ended = true;
  } else if (code == JWRN_HIT_MARKER) {
    const long row = static_cast<long>(state.info.input_iMCU_row);
    state.starved_at = state.starved_at < 0 ? row : std::min(state.starved_at, row);
  } else if (state.warning[0] == 0 &&
             (code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC || code == JWRN_ARITH_BAD_CODE)) {
    info->err->format_message(info, state.warning.data());
  }
}

// A file of a thousand empty scans would take minutes.
void on_progress(j_common_ptr info) {
  Decompress& state = state_of(info);
  if (state.info.input_scan_number <= kMaxScans) return;
  std::snprintf(state.message.data(), state.message.size(), "more than %d scans", kMaxScans);
  std::longjmp(state.jump, 1);
}

// The two calls that jump hold nothing with a destructor. Returns false for an error, described in
// state.message.
bool read_jpeg_header(Decompress& state, const std::string& file) {
  if (setjmp(state.jump) != 0) return false;
  jpeg_create_decompress(&state.info);
  state.info.client_data = &state;
  state.info.progress = &state.progress;
  jpeg_mem_src(&state.info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_save_markers(&state.info, JPEG_APP0 + 2, 0xffff);
  jpeg_read_header(&state.info, TRUE);
  jpeg_read_icc_profile(&state.info, &state.profile, &state.profile_bytes);
  return true;
}

// For a progressive file that ends between two scans.
bool lacks_bits(const jpeg_decompress_struct& info) {
  if (info.coef_bits == nullptr || !info.progressive_mode) return false;
  for (int c = 0; c < info.num_components; ++c)
    for (int k = 0; k < DCTSIZE2; ++k)
      if (info.coef_bits[c][k] != 0) return true;
  return false;
}

bool read_jpeg_rows(Decompress& state) {
  if (setjmp(state.jump) != 0) return false;
  jpeg_decompress_struct& info = state.info;
  if (info.num_components == 4) info.out_color_space = JCS_CMYK;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = state.rows + info.output_scanline * state.row_bytes;
    jpeg_read_scanlines(&info, &row, 1);
  }
  state.lacks_scans = lacks_bits(info);  // finishing destroys its tables
  jpeg_finish_decompress(&info);
  return true;
}

// Interprets the messages about a decoded file.
void judge(const std::string& where, const Decompress& state, std::string& remark) {
  if (state.starved_at >= 0) {
    const double part = 1 - static_cast<double>(state.starved_at) / std::max(1U, state.info.total_iMCU_rows);
    const bool scans =
        state.info.progressive_mode != 0 || state.info.comps_in_scan < state.info.num_components;
    fail(where,
         fmt::format("is truncated: {}; copy it again",
                     scans ? std::string("its last scans are missing")
                           : fmt::format("the lower {:.0f} % of it are missing", std::max(1.0, 100 * part))));
  }
  if (state.lacks_scans && state.ended)
    fail(where, "is truncated: its last scans are missing; copy it again");
  if (state.ended) add_remark(remark, "lacks its end mark, but no pixels");
  if (state.warning[0] != 0)
    add_remark(remark, fmt::format("may be damaged in places ({})", state.warning.data()));
}

}  // namespace

Decoded decode_jpeg(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::string where = "image " + path.string();
  const std::string file = read_file(path, kMaxImageBytes);
  Decompress state;
  state.info.err = jpeg_std_error(&state.errors);
  state.errors.error_exit = on_error;
  state.errors.emit_message = on_message;
  state.progress.progress_monitor = on_progress;
  state.info.client_data = &state;
  const std::unique_ptr<jpeg_decompress_struct, void (*)(jpeg_decompress_struct*)> owner(
      &state.info, jpeg_destroy_decompress);
  const auto give_up = [&]() {
    fail(where, fmt::format("cannot be decoded: {}; {}", state.message.data(),
                            state.foreign ? "save it as PNG" : "it is truncated or damaged: copy it again"));
  };
  const bool good = read_jpeg_header(state, file);
  const std::unique_ptr<JOCTET, decltype(&std::free)> profile(state.profile, std::free);
  if (!good) give_up();
  check_size(where, state.info.image_width, state.info.image_height, file.size(), options.max_pixels);
  Decoded d;
  d.width = static_cast<int>(state.info.image_width);
  d.height = static_cast<int>(state.info.image_height);
  d.channels = state.info.num_components;
  d.cmyk = d.channels == 4;
  if (d.channels != 1 && d.channels != 3 && d.channels != 4)
    fail(where, fmt::format("has {} channels; save it with 1 or 3", d.channels));
  const std::size_t bytes = d.pixels() * static_cast<std::size_t>(d.channels);
  d.data = zeroed(bytes);
  state.rows = d.data.get();
  state.row_bytes = static_cast<std::size_t>(d.width) * static_cast<std::size_t>(d.channels);
  if (options.profile && profile)
    d.profile.assign(reinterpret_cast<const char*>(state.profile), state.profile_bytes);
  if (!read_jpeg_rows(state)) give_up();
  judge(where, state, d.remark);
  if (d.cmyk && state.info.saw_Adobe_marker != FALSE)  // Adobe stores inverted ink values
    std::transform(d.data.get(), d.data.get() + bytes, d.data.get(), [](std::uint8_t v) { return 255 - v; });
  return d;
}

}  // namespace sumi::io
