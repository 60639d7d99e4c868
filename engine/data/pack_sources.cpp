#include "engine/data/pack_sources.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/data/preprocess.h"
#include "engine/image/codecs.h"
#include "engine/image/edges.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

std::int64_t expected_bytes(const DatasetSpec& spec, const std::vector<ListedFile>& files) {
  const auto count =
      static_cast<std::int64_t>(files.size()) * (two_sided(spec.pairs) ? 2 : 1) * (spec.bits / 8);
  if (const auto [w, h] = common_size(spec); w > 0) return count * w * h * spec.channels;
  if (spec.preprocess != Preprocess::crop && spec.preprocess != Preprocess::none) {
    const auto [w, h] = packed_size(1, 1, spec);  // scaled to a width: assumes squares
    return count * w * h * spec.channels;
  }
  std::int64_t bytes = 0;
  for (const auto& f : files) bytes += spec.bits * f.bytes;  // JPEG's approximate compression
  return bytes;
}

}  // namespace

Source folder_source(const DatasetSpec& spec, ImageFolders folders, std::vector<ListedFile> files,
                     std::vector<ListedFile> partners) {
  const auto count = static_cast<std::int64_t>(files.size());
  const auto bytes = expected_bytes(spec, files);
  const auto produce = [folders = std::move(folders), files = std::move(files),
                        partners = std::move(partners), spec](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    PackItem item{files[at].name, {}, "", ""};
    try {
      const std::string partner = partners.empty() ? "" : partners[at].name;
      if (spec.bits == 16)
        item.image = prepared<std::uint16_t>(spec, folders, item.name, partner, item.remark);
      else
        item.image = prepared<std::uint8_t>(spec, folders, item.name, partner, item.remark);
    } catch (const CodecsUnavailable&) {  // not the image's fault, so none is skipped for it
      throw;
    } catch (const Error& e) {
      item.problem = e.what();
    } catch (const std::exception& e) {  // also bad_alloc: one absurd image must not end the run
      item.problem = fmt::format("[image {}] {}; remove it", item.name, e.what());
    }
    return item;
  };
  return {count, bytes, produce};
}

Source idx_source(const DatasetSpec& spec, std::shared_ptr<const IdxImages> images) {
  const auto [w, h] = packed_size(images->cols, images->rows, spec);
  const auto produce = [images, spec](std::int64_t i) {
    Image8 gray(images->cols, images->rows, 1);
    std::copy_n(images->pixels.begin() + i * images->rows * images->cols, gray.data.size(),
                gray.data.begin());
    gray = preprocess_image("data " + spec.data.string(), gray, spec);
    if (spec.channels == 1) return PackItem{std::to_string(i), std::move(gray), "", ""};
    const auto channels = static_cast<std::size_t>(spec.channels);
    Image8 color(gray.width, gray.height, spec.channels, 255);
    for (std::size_t k = 0; k < gray.data.size(); ++k)
      std::fill_n(color.data.data() + k * channels, 3, gray.data[k]);
    return PackItem{std::to_string(i), std::move(color), "", ""};
  };
  return {images->count, images->count * w * h * spec.channels, produce};
}

Source smoothed_source(const DatasetSpec& spec, const Pack& pack) {
  const std::int64_t count = spec.max_items > 0 ? std::min(spec.max_items, pack.count()) : pack.count();
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < count; ++i)
    bytes += std::int64_t{pack.width(i)} * pack.height(i) * spec.channels;
  const auto produce = [&pack, spec](std::int64_t i) {
    Image8 image(pack.width(i), pack.height(i), spec.channels);
    std::copy_n(pack.item(i), image.data.size(), image.data.begin());
    return PackItem{std::to_string(i), smooth_edges(image), "", ""};
  };
  return {count, bytes, produce};
}

}  // namespace sumi::io
