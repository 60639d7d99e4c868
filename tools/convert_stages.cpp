#include "tools/convert_stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/image/image_formats.h"
#include "engine/image/photo_edits.h"
#include "engine/serialize/file.h"
#include "models/inference/converter.h"
#include "tools/compare_page.h"
#include "tools/standard_streams.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

const Photo* mask_of(const ConvertItem& item) {
  return item.mask.rgb.empty() ? nullptr : &item.mask;
}

void check_mask(const Photo& photo, const Photo& mask) {
  if (mask.width == photo.width && mask.height == photo.height) return;
  fail("--mask", fmt::format("is {}x{}, but the image {}x{}; make the mask as large as the image", mask.width,
                             mask.height, photo.width, photo.height));
}

// Browsers show it: png for what is transparent, else jpg, or what --format says.
std::string page_format(const Photo& photo, const std::string& format) {
  return !format.empty() ? format : photo.alpha.empty() ? "jpg" : "png";
}

std::string media_type(const std::string& format) {
  return "image/" + (format == "jpg" ? "jpeg" : format);
}

}  // namespace

template <class Body>
void ConvertSteps::guarded(ConvertItem& item, const Body& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    item.error = "[memory] out of memory; shrink the image with --max-size";
  } catch (const std::exception& error) {  // one image must not end the others
    item.error = error.what();
  }
  // Errors of the network do not know the image.
  if (item.error.find(item.job.in.string()) == std::string::npos && item.error.rfind("[write ", 0) != 0)
    item.error = fmt::format("[image {}] {}", item.job.in.string(), item.error);
}

void ConvertSteps::load(ConvertItem& item) {
  guarded(item, [&] {
    Photo photo = load_photo(item.job.in);
    if (!photo.remark.empty())
      item.warnings.push_back(fmt::format("[image {}] {}", item.job.in.string(), photo.remark));
    const auto [width, height] = limited_size(photo.width, photo.height, static_cast<int>(args_.max_size));
    if (!item.job.mask.empty()) {
      Photo mask = load_photo(item.job.mask);
      check_mask(photo, mask);
      item.mask = resize_photo(mask, width, height);
    }
    item.photo = resize_photo(photo, width, height);
  });
}

Photo ConvertSteps::filtered(const Photo& photo, const Photo* mask) const {
  const Photo* holes = filter_.fills_holes ? mask : nullptr;
  Photo result = args_.tta ? mean_over_symmetries(filter_.run, photo, holes) : filter_.run(photo, holes);
  if (!filter_.finished) blend(photo, filter_.fills_holes ? nullptr : mask, result);
  return result;
}

void ConvertSteps::blend(const Photo& photo, const Photo* mask, Photo& result) const {
  const double strength = args_.style.blend;
  if (!args_.match_brightness && !args_.keep_color && strength == 1 && !mask) return;
  Photo enlarged;
  if (result.width != photo.width || result.height != photo.height)
    enlarged = resize_photo(photo, result.width, result.height);
  const Photo& same = enlarged.rgb.empty() ? photo : enlarged;
  if (args_.match_brightness) match_brightness(same, result);
  if (args_.keep_color) keep_color(same, result);
  std::vector<std::uint16_t> coverage;
  if (mask) coverage = mask_coverage(resize_photo(*mask, result.width, result.height));
  blend_over(same, coverage, strength, result);
}

// Returns true if the image is to be converted; else its result or error is there.
bool ConvertSteps::asks_gate(ConvertItem& item) const {
  const GateAnswer answer = filter_.gate ? filter_.gate(item.photo) : GateAnswer{};
  if (answer.kind == GateAnswer::Kind::pass) {
    item.passed = answer.reason;
    item.result = item.photo;
  }
  if (answer.kind == GateAnswer::Kind::refuse) {
    item.refused = true;
    fail("gate " + item.job.in.string(), answer.reason);
  }
  return answer.kind == GateAnswer::Kind::convert;
}

void ConvertSteps::compute(ConvertItem& item) {
  guarded(item, [&] {
    const bool converts = asks_gate(item);
    if (converts)
      std::call_once(told_of_time_, [&] {
        const std::string line = estimate_.line(item.photo, item.load_seconds, [&](const Photo& small) {
          if (!filter_.fills_holes) return (void)filtered(small, nullptr);
          Photo hole = small;
          std::fill(hole.rgb.begin(), hole.rgb.end(), std::uint16_t{65535});
          filtered(small, &hole);
        });
        if (!line.empty()) report_.note(line);
      });
    if (converts) item.result = filtered(item.photo, mask_of(item));
    if (converts && filter_.judge) item.verdict = filter_.judge(item.photo, item.result);
    if (args_.compare == "h" || args_.compare == "v") {
      const Photo before = resize_photo(item.photo, item.result.width, item.result.height);
      item.result = args_.compare == "h" ? beside(before, item.result) : stacked(before, item.result);
    }
    if (args_.compare != "slider") item.photo.rgb = {};
  });
}

// Once a run: what every image of it loses.
void ConvertSteps::warn_of_alpha(ConvertItem& item) {
  const fs::path name = args_.result_name(item.job.out);
  const bool lost =
      !args_.request.page && !holds_alpha(name) &&
      std::any_of(item.result.alpha.begin(), item.result.alpha.end(), [](auto a) { return a != 65535; });
  if (!lost) return;
  std::call_once(told_of_alpha_, [&] {
    item.warnings.push_back(fmt::format(
        "[write {}] {} does not store transparency: composited over white; {} do", item.job.out.string(),
        name.extension().string(), writable_names("and", &ImageFormat::alpha)));
  });
}

// The bytes of a file that the gate passed on, if nothing was asked for that changes them.
std::optional<std::string> ConvertSteps::kept_file(const ConvertItem& item) const {
  const bool changed = args_.strip || args_.request.page || !args_.compare.empty() || args_.max_size > 0;
  if (item.passed.empty() || changed) return std::nullopt;
  const MappedFile file(item.job.in);
  std::string bytes(reinterpret_cast<const char*>(file.data()), file.size());
  const ImageFormat* format = format_of_bytes(bytes);
  if (!format || format != format_of_extension(args_.result_name(item.job.out))) return std::nullopt;
  return bytes;
}

std::string ConvertSteps::encoded(const ConvertItem& item) const {
  if (auto bytes = kept_file(item)) return *std::move(bytes);
  const int quality = static_cast<int>(args_.quality);
  if (!args_.request.page) return encode_photo(args_.result_name(item.job.out), item.result, quality);
  Photo before = resize_photo(item.photo, item.result.width, item.result.height);
  before.metadata = {};  // a page is made to be shown: it tells no place and no camera
  const std::string old_type = page_format(before, args_.request.format),
                    new_type = page_format(item.result, args_.request.format);
  const std::string old_bytes = encode_photo("before." + old_type, before, quality),
                    new_bytes = encode_photo("after." + new_type, item.result, quality);
  return compare_page(item.job.name.filename().string(), item.result.width, item.result.height,
                      {old_bytes, media_type(old_type)}, {new_bytes, media_type(new_type)});
}

void ConvertSteps::save(ConvertItem& item) {
  guarded(item, [&] {
    if (!args_.strip && !args_.request.page) item.result.metadata = item.photo.metadata;
    warn_of_alpha(item);
    if (item.job.out == kStandardStream) return write_standard_output(encoded(item));
    if (item.job.out.has_parent_path()) {
      std::error_code ec;
      fs::create_directories(item.job.out.parent_path(), ec);  // the writer says what is wrong
    }
    write_file_atomically(item.job.out, encoded(item));
  });
}

}  // namespace sumi::cli
