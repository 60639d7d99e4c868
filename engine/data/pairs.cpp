#include "engine/data/pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/data/preprocess.h"
#include "engine/image/photo.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamed = 5;

// Files by their names without extensions.
std::map<std::string, ListedFile> by_stem(const fs::path& folder, const std::vector<ListedFile>& files) {
  std::map<std::string, ListedFile> found;
  for (const ListedFile& file : files) {
    const auto [at, fresh] = found.emplace(fs::path(file.name).replace_extension().string(), file);
    if (!fresh)
      fail("data " + folder.string(),
           fmt::format("has {} and {}, which are one name for pairs; remove or rename one", at->second.name,
                       file.name));
  }
  return found;
}

// Throws Error for the entries of `some` that `others` lacks.
void check_partners(const fs::path& folder, const std::map<std::string, ListedFile>& some,
                    const fs::path& other, const std::map<std::string, ListedFile>& others) {
  std::vector<std::string> alone;
  for (const auto& [stem, file] : some)
    if (!others.contains(stem)) alone.push_back(file.name);
  if (alone.empty()) return;
  const std::size_t named = std::min(alone.size(), kNamed), rest = alone.size() - named;
  fail("data " + folder.string(),
       fmt::format("has {} without a partner of that name in {}: {}{}; add the partners, or take {} out",
                   alone.size() == 1 ? "an image" : fmt::format("{} images", alone.size()), other.string(),
                   fmt::join(alone.begin(), alone.begin() + static_cast<std::ptrdiff_t>(named), ", "),
                   rest > 0 ? fmt::format(" and {} more", rest) : "", alone.size() == 1 ? "it" : "them"));
}

}  // namespace

bool two_sided(Pairs pairs) {
  return pairs == Pairs::side_by_side || pairs == Pairs::folders;
}

std::vector<ListedFile> partners(const DatasetSpec& spec, const std::vector<ListedFile>& a,
                                 const std::vector<ListedFile>& b) {
  const auto in_a = by_stem(spec.data, a), in_b = by_stem(spec.partner, b);
  check_partners(spec.data, in_a, spec.partner, in_b);
  check_partners(spec.partner, in_b, spec.data, in_a);
  std::vector<ListedFile> ordered;
  for (const ListedFile& file : a)
    ordered.push_back(in_b.at(fs::path(file.name).replace_extension().string()));
  return ordered;
}

template <class Level>
std::pair<BasicImage<Level>, BasicImage<Level>> halves(const std::string& where,
                                                       const BasicImage<Level>& image) {
  const int side = image.height;
  if (image.width != 2 * side)
    fail(where,
         fmt::format("is {}x{}, not two squares side by side; give pairs of other shapes as two folders "
                     "(--data-a, --data-b), or single images with --task",
                     image.width, side));
  const BasicImage<Level> empty(side, side, image.channels);
  std::pair both{empty, empty};
  for (int y = 0; y < side; ++y) {
    std::copy_n(image.at(0, y), side * image.channels, both.first.at(0, y));
    std::copy_n(image.at(side, y), side * image.channels, both.second.at(0, y));
  }
  return both;
}

template <class Level>
BasicImage<Level> joined(const std::string& where, const BasicImage<Level>& a, const BasicImage<Level>& b,
                         const DatasetSpec& spec) {
  const BasicImage<Level> left = preprocess_image(where, a, spec), right = preprocess_image(where, b, spec);
  if (left.width != right.width || left.height != right.height)
    fail(where,
         fmt::format("is {}x{} and its partner {}x{}; make them alike, or use --preprocess resize_and_crop",
                     left.width, left.height, right.width, right.height));
  BasicImage<Level> both(2 * left.width, left.height, left.channels);
  for (int y = 0; y < left.height; ++y) {
    std::copy_n(left.at(0, y), left.width * left.channels, both.at(0, y));
    std::copy_n(right.at(0, y), left.width * left.channels, both.at(left.width, y));
  }
  return both;
}

namespace {

template <class Level>
BasicImage<Level> read(const fs::path& path, int channels, std::string& remark);
template <>
Image8 read(const fs::path& path, int channels, std::string& remark) {
  return load_image(path, {.channels = channels}, &remark);
}
template <>
Image16 read(const fs::path& path, int channels, std::string& remark) {
  const Photo photo = load_photo(path);
  remark = photo.remark;
  return to_image(photo, channels);
}

template <class Level>
BasicImage<Level> read(const ImageFolder& folder, const std::string& name, int channels,
                       std::string& remark) {
  BasicImage<Level> image;
  folder.with_file(name, [&](const fs::path& file) { image = read<Level>(file, channels, remark); });
  return image;
}

}  // namespace

template <class Level>
BasicImage<Level> prepared(const DatasetSpec& spec, const ImageFolders& folders, const std::string& name,
                           const std::string& partner, std::string& remark) {
  const std::string where = "image " + (spec.data / name).string();
  const auto image = read<Level>(folders.data, name, spec.channels, remark);
  if (spec.pairs == Pairs::folders) {
    std::string of_partner;
    const auto second = read<Level>(*folders.partner, partner, spec.channels, of_partner);
    if (remark.empty()) remark = of_partner;
    return joined(where, image, second, spec);
  }
  if (spec.pairs != Pairs::side_by_side) return preprocess_image(where, image, spec);
  const auto [a, b] = halves(where, image);
  return joined(where, a, b, spec);
}
template Image8 prepared(const DatasetSpec&, const ImageFolders&, const std::string&, const std::string&,
                         std::string&);
template Image16 prepared(const DatasetSpec&, const ImageFolders&, const std::string&, const std::string&,
                          std::string&);

}  // namespace sumi::io
