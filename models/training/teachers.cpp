#include "models/training/teachers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "engine/data/file_listing.h"
#include "engine/data/pack.h"
#include "engine/data/pipeline.h"
#include "engine/error.h"
#include "engine/image/image.h"
#include "engine/image/stylize/auto_levels.h"
#include "engine/image/stylize/style.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

// Version of the examples. Must be increased when the same files give different examples.
constexpr std::int64_t kRecipe = 1;
constexpr const char *kFlatEnd = ".flat.png", *kLineEnd = ".line.png";

// "a/b" for "a/b.flat.png" and ".flat.png"; "" for another name.
std::string without(const std::string& name, const std::string& end) {
  return name.ends_with(end) ? name.substr(0, name.size() - end.size()) : "";
}

std::string stem_of(const std::string& name) {
  const std::string file = name.substr(name.rfind('/') + 1);
  return file.substr(0, file.rfind('.'));
}

// Short sides at which a filter runs if no folder determines the sizes.
constexpr std::array<int, 2> kFilterSides{480, 320};

// Returns true if the source is a filter, false for a folder. Throws Error for a filter that draws
// on paper, because it has no flat image.
bool is_filter(const StyleSource& style) {
  std::error_code error;
  if (fs::exists(style.source, error)) return false;
  const auto& known = stylize::styles();
  if (std::none_of(known.begin(), known.end(), [&](const auto& info) { return info.name == style.source; }))
    return false;
  if (style.source == "manga" || style.source == "pencil")
    fail("--styles " + style.name + "=" + style.source,
         "is a filter without flat color, which cannot teach; give a folder of planes");
  return true;
}

// One photograph at one size: its file, and the path of its planes below each style's folder
// ("480/NAME" if all are filters).
struct Example {
  std::string photo, key;
};

void add_file(io::Hash& hash, const io::ListedFile& file) {
  hash.add(file.name);
  hash.add(file.bytes);
  hash.add(file.mtime_ns);
}

// The keys of a folder's pairs.
std::set<std::string> pairs_in(const StyleSource& style, io::Hash& hash) {
  std::error_code error;
  const std::string where = "--styles " + style.name + "=" + style.source;
  if (!fs::is_directory(style.source, error))
    fail(where, "is neither a folder of teachers nor a filter; check the path");
  std::set<std::string> flats, pairs;
  const std::vector<io::ListedFile> files = io::list_images(style.source, {});
  for (const io::ListedFile& file : files) {
    add_file(hash, file);
    if (const std::string key = without(file.name, kFlatEnd); !key.empty()) flats.insert(key);
  }
  for (const io::ListedFile& file : files)
    if (const std::string key = without(file.name, kLineEnd); flats.contains(key)) pairs.insert(key);
  if (pairs.empty())
    fail(where,
         fmt::format("holds no pairs NAME{} and NAME{}, a flat image and its lines for a photograph NAME",
                     kFlatEnd, kLineEnd));
  return pairs;
}

std::vector<Example> find_examples(const TeacherSpec& spec, io::Hash& hash, const DatasetEvents& events) {
  std::map<std::string, std::string> photos;  // by name without folder and extension
  const std::vector<io::ListedFile> files = io::list_images(spec.photos, events.warn);
  if (files.empty()) io::report_nothing(spec.photos);
  for (const io::ListedFile& file : files) {
    add_file(hash, file);
    photos.emplace(stem_of(file.name), file.name);
  }
  std::optional<std::set<std::string>> in_folders;
  for (const StyleSource& style : spec.styles) {
    hash.add(style.name);
    hash.add(style.source);
    if (is_filter(style)) continue;
    const std::set<std::string> pairs = pairs_in(style, hash);
    if (!in_folders) in_folders = pairs;
    std::erase_if(*in_folders, [&](const std::string& key) { return !pairs.contains(key); });
  }
  std::set<std::string> common = in_folders.value_or(std::set<std::string>{});
  if (!in_folders)
    for (const auto& [name, file] : photos)
      for (const int side : kFilterSides) common.insert(fmt::format("{}/{}", side, name));
  std::vector<Example> examples;
  for (const std::string& key : common)
    if (const auto photo = photos.find(key.substr(key.rfind('/') + 1)); photo != photos.end())
      examples.push_back({photo->second, key});
  if (examples.empty())
    fail("--styles",
         fmt::format("no photograph of {} has planes of every style; the teachers' files are named after the "
                     "photographs: NAME{} and NAME{}",
                     spec.photos.string(), kFlatEnd, kLineEnd));
  return examples;
}

// Copies `plane` to the channels of the example from `to` on.
void put_plane(Image8& example, int to, const Image8& plane) {
  for (int y = 0; y < example.height; ++y)
    for (int x = 0; x < example.width; ++x)
      std::copy_n(plane.at(x, y), plane.channels, example.at(x, y) + to);
}

std::vector<std::uint16_t> wide_levels(const Image8& picture) {
  std::vector<std::uint16_t> wide;
  for (const std::uint8_t level : picture.data) wide.push_back(static_cast<std::uint16_t>(level * 257));
  return wide;
}

// A filter's result for an image after its level curve: without tone steps and without statistics
// of the whole image.
std::pair<Image8, Image8> filtered(const StyleSource& style, const Image8& leveled) {
  constexpr float kLow = 4, kHigh = 99.5F, kMedian = 55,
                  kChroma = 24;  // neutral values for its own levels and colors
  const std::vector<std::uint16_t> wide = wide_levels(leveled);
  stylize::StyleOptions options;
  options.statistics = stylize::StyleStatistics{kLow, kHigh, kMedian, {}, kChroma};
  const stylize::StyleLayers layers =
      stylize::style_layers(style.source, {leveled.width, leveled.height, wide.data()}, options);
  std::pair<Image8, Image8> planes{Image8(leveled.width, leveled.height, 3),
                                   Image8(leveled.width, leveled.height, 1)};
  const auto level = [](float v) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0F, 1.0F) * 255));
  };
  for (int y = 0; y < leveled.height; ++y)
    for (int x = 0; x < leveled.width; ++x) {
      std::uint8_t* flat = planes.first.at(x, y);
      flat[0] = level(layers.flat.red.row(y)[x]);
      flat[1] = level(layers.flat.green.row(y)[x]);
      flat[2] = level(layers.flat.blue.row(y)[x]);
      *planes.second.at(x, y) = level(layers.line.row(y)[x]);
    }
  return planes;
}

// The image after its own level curve.
Image8 auto_levels(const Image8& picture) {
  std::vector<std::uint16_t> wide = wide_levels(picture);
  const stylize::RgbView view{picture.width, picture.height, wide.data()};
  const stylize::LevelTable table(stylize::picture_curve(view));
  stylize::store_rgb(stylize::leveled_rows(view, table, 0, picture.height), wide.data());
  Image8 leveled = picture;
  for (std::size_t i = 0; i < wide.size(); ++i)
    leveled.data[i] = static_cast<std::uint8_t>((wide[i] + 128) / 257);
  return leveled;
}

// The image compressed as a JPEG file of quality 25 to 90, an artifact that the teachers did not
// see; every third key is left uncompressed.
Image8 compressed(const Image8& photo, const std::string& key) {
  io::Hash hash;
  hash.add(key);
  const std::uint64_t dice = hash.value() ^ (hash.value() >> 32);
  if (dice % 3 != 0) return photo;
  const fs::path file =
      fs::temp_directory_path() / fmt::format("sumi-example-{}-{:016x}.jpg", ::getpid(), hash.value());
  save_image(file, photo, 25 + static_cast<int>(dice / 3 % 66));
  Image8 back = load_image(file);
  fs::remove(file);
  return back;
}

// {width, height} of an example: that of the planes in the first folder, or from the side in the
// key.
std::pair<int, int> size_of(const TeacherSpec& spec, const Example& what, const Image8& photo) {
  for (const StyleSource& style : spec.styles) {
    if (is_filter(style)) continue;
    const Image8 flat = load_image((fs::path(style.source) / what.key).string() + kFlatEnd);
    return {flat.width, flat.height};
  }
  const double factor = std::stod(what.key) / std::min(photo.width, photo.height);
  return {static_cast<int>(std::lround(photo.width * factor)),
          static_cast<int>(std::lround(photo.height * factor))};
}

io::PackItem make_example(const TeacherSpec& spec, const Example& what) {
  io::PackItem item;
  item.name = what.key;
  try {
    const Image8 whole = load_image(spec.photos / what.photo);
    const auto [width, height] = size_of(spec, what, whole);
    if (std::min(width, height) < spec.smallest_side)
      fail("example " + what.key,
           fmt::format("of {}x{} is smaller than the crops of {}", width, height, spec.smallest_side));
    const Image8 photo = resize_image(whole, width, height), leveled = auto_levels(photo);
    Image8 example = Image8::of_planes(width, height, teacher_channels(spec.styles.size()));
    put_plane(example, 0, auto_levels(compressed(photo, what.key)));
    for (std::size_t i = 0; i < spec.styles.size(); ++i) {
      const StyleSource& style = spec.styles[i];
      const std::string base = (fs::path(style.source) / what.key).string();
      const auto [flat, line] = is_filter(style) ? filtered(style, leveled)
                                                 : std::pair{load_image(base + kFlatEnd),
                                                             load_image(base + kLineEnd, {.channels = 1})};
      for (const Image8* plane : {&flat, &line})
        if (plane->width != width || plane->height != height)
          fail("image " + base,
               fmt::format("its planes are of {}x{} and {}x{}; make them of one size in every style",
                           plane->width, plane->height, width, height));
      put_plane(example, 3 + 4 * static_cast<int>(i), flat);
      put_plane(example, 6 + 4 * static_cast<int>(i), line);
    }
    item.image = std::move(example);
  } catch (const Error& error) {
    item.problem = error.what();
  }
  return item;
}

}  // namespace

int teacher_channels(std::size_t styles) {
  return 3 + 4 * static_cast<int>(styles);
}

fs::path pack_teachers(const TeacherSpec& spec, const DatasetEvents& events) {
  io::Hash hash;
  hash.add(kRecipe);
  hash.add(std::int64_t{spec.smallest_side});
  const std::vector<Example> examples = find_examples(spec, hash, events);
  const io::PackShape shape{0, 0, teacher_channels(spec.styles.size()), 8};
  io::Hash place;  // without the changing part of the key, so that changed files replace their pack
  place.add(spec.photos.string());
  for (const StyleSource& style : spec.styles) {
    place.add(style.name);
    place.add(style.source);
  }
  const std::string name = fmt::format("teachers-{:016x}.pack", place.value());
  for (const fs::path& folder : io::cache_candidates(spec.cache_dir, spec.fallback_dir))
    if (io::Pack::open(folder / name, hash.value(), shape)) return folder / name;
  constexpr std::uint64_t kGuessedPixels = 300'000;
  const fs::path path =
      io::choose_cache_dir(spec.cache_dir, spec.fallback_dir,
                           examples.size() * kGuessedPixels * static_cast<std::uint64_t>(shape.channels),
                           events.warn) /
      name;
  const auto count = static_cast<std::int64_t>(examples.size());
  io::OrderedPipeline<io::PackItem> pipeline(spec.workers, 4 * spec.workers, 0, count, [&](std::int64_t i) {
    return make_example(spec, examples[static_cast<std::size_t>(i)]);
  });
  std::int64_t done = 0;
  io::write_pack(path, hash.value(), shape, count, [&] {
    io::PackItem item = pipeline.next();
    if (!item.problem.empty() && events.warn) events.warn("skipped " + item.problem);
    if (events.progress) events.progress(++done, count);
    return item;
  });
  return path;
}

}  // namespace sumi
