#include "models/training/teachers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "engine/data/file_listing.h"
#include "engine/data/pack.h"
#include "engine/data/pipeline.h"
#include "engine/error.h"
#include "engine/image/faces/face_finder.h"
#include "engine/image/faces/faces.h"
#include "engine/image/image.h"
#include "engine/image/stylize/auto_levels.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/plane.h"
#include "engine/image/stylize/style.h"
#include "models/training/stroke_plane.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

// Version of the examples. Must be increased when the same files give different examples.
constexpr std::int64_t kRecipe = 2;
constexpr const char *kFlatEnd = ".flat.png", *kLineEnd = ".line.png";

// "a/b" for "a/b.flat.png" and ".flat.png"; "" for another name.
std::string without(const std::string& name, const std::string& end) {
  return name.ends_with(end) ? name.substr(0, name.size() - end.size()) : "";
}

std::string stem_of(const std::string& name) {
  const std::string file = name.substr(name.rfind('/') + 1);
  return file.substr(0, file.rfind('.'));
}

// Short sides at which a filter runs if no folder determines the sizes, and the share of
// photographs that it runs on: one in so many.
constexpr std::array<std::pair<int, std::uint64_t>, 3> kFilterSides{{{480, 1}, {320, 1}, {240, 3}}};

// Returns true if the source is a filter, false for a folder.
bool is_filter(const TeacherSpec& spec, const StyleSource& style) {
  if (spec.hands > 0) return true;
  std::error_code error;
  if (fs::exists(style.source, error)) return false;
  const auto& known = stylize::styles();
  return std::any_of(known.begin(), known.end(), [&](const auto& info) { return info.name == style.source; });
}

bool has_filters(const TeacherSpec& spec) {
  return std::any_of(spec.styles.begin(), spec.styles.end(),
                     [&](const StyleSource& style) { return is_filter(spec, style); });
}

// A number from a name, the same on every machine.
std::uint64_t dice_of(const std::string& name) {
  io::Hash hash;
  hash.add(name);
  return hash.value() ^ (hash.value() >> 32);
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
    if (is_filter(spec, style)) continue;
    const std::set<std::string> pairs = pairs_in(style, hash);
    if (!in_folders) in_folders = pairs;
    std::erase_if(*in_folders, [&](const std::string& key) { return !pairs.contains(key); });
  }
  std::set<std::string> common = in_folders.value_or(std::set<std::string>{});
  if (!in_folders)
    for (const auto& [name, file] : photos)
      for (const auto& [side, one_in] : kFilterSides)
        if (dice_of(name) % one_in == 0) common.insert(fmt::format("{}/{}", side, name));
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

std::uint8_t level_of(float v) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0F, 1.0F) * 255));
}

std::vector<std::uint16_t> wide_levels(const Image8& picture) {
  std::vector<std::uint16_t> wide;
  for (const std::uint8_t level : picture.data) wide.push_back(static_cast<std::uint16_t>(level * 257));
  return wide;
}

Image8 image_of(const stylize::Rgb& picture) {
  Image8 image(picture.width(), picture.height(), 3);
  const std::array<const stylize::Plane*, 3> channels{&picture.red, &picture.green, &picture.blue};
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (std::size_t c = 0; c < channels.size(); ++c) image.at(x, y)[c] = level_of(channels[c]->row(y)[x]);
  return image;
}

Image8 image_of(const stylize::Plane& plane) {
  Image8 image(plane.width(), plane.height(), 1);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) *image.at(x, y) = level_of(plane.row(y)[x]);
  return image;
}

// Face masks, if the detector is available. OpenCV's cascades serve one thread at a time.
class FaceMasks {
 public:
  FaceMasks(const TeacherSpec& spec, const DatasetEvents& events) {
    if (!has_filters(spec)) return;
    try {
      faces::face_finder();
      there_are_ = true;
    } catch (const Error& error) {
      if (events.warn) events.warn(fmt::format("teachers do without faces: {}", error.what()));
    }
  }
  bool there_are() const { return there_are_; }
  stylize::Plane of(const Image8& photo) {
    if (!there_are_) return {};
    const std::vector<std::uint16_t> wide = wide_levels(photo);
    const stylize::RgbView view{photo.width, photo.height, wide.data()};
    const std::scoped_lock lock(mutex_);
    return faces::face_mask(view, faces::find_faces(view));
  }

 private:
  bool there_are_ = false;
  std::mutex mutex_;
};

// The planes that filters give for a photograph, by style; empty for styles with a folder.
std::vector<std::pair<Image8, Image8>> taught(const TeacherSpec& spec, const Image8& leveled,
                                              FaceMasks& masks) {
  std::vector<std::pair<Image8, Image8>> planes(spec.styles.size());
  if (!has_filters(spec)) return planes;
  const stylize::Plane face = masks.of(leveled);
  const std::vector<std::uint16_t> wide = wide_levels(leveled);
  for (std::size_t i = 0; i < planes.size(); ++i) {
    if (!is_filter(spec, spec.styles[i])) continue;
    const stylize::TeacherPlanes made =
        stylize::teacher_planes(spec.styles[i].source, {leveled.width, leveled.height, wide.data()}, &face);
    planes[i] = {image_of(made.flat), image_of(made.line)};
  }
  return planes;
}

// The lines that each hand draws of a photograph in each style, to the channels behind it.
void put_hands(const TeacherSpec& spec, const Image8& leveled, FaceMasks& masks, Image8& example) {
  const stylize::Plane face = masks.of(leveled);
  const std::vector<std::uint16_t> wide = wide_levels(leveled);
  int to = 3;
  for (const StyleSource& style : spec.styles)
    for (int hand = 0; hand < spec.hands; ++hand)
      put_plane(example, to++,
                image_of(stylize::teacher_planes(style.source, {leveled.width, leveled.height, wide.data()},
                                                 &face, hand)
                             .line));
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
// see, for one key in three; others are left as they are.
Image8 compressed(const Image8& photo, const std::string& key) {
  const std::uint64_t dice = dice_of(key);
  if (dice % 3 != 0) return photo;
  const fs::path file =
      fs::temp_directory_path() / fmt::format("sumi-example-{}-{:016x}.jpg", ::getpid(), dice);
  save_image(file, photo, 25 + static_cast<int>(dice / 3 % 66));
  Image8 back = load_image(file);
  fs::remove(file);
  return back;
}

// {width, height} of an example: that of the planes in the first folder, or from the side in the
// key.
std::pair<int, int> size_of(const TeacherSpec& spec, const Example& what, const Image8& photo) {
  for (const StyleSource& style : spec.styles) {
    if (is_filter(spec, style)) continue;
    const Image8 flat = load_image((fs::path(style.source) / what.key).string() + kFlatEnd);
    return {flat.width, flat.height};
  }
  const double factor = std::stod(what.key) / std::min(photo.width, photo.height);
  return {static_cast<int>(std::lround(photo.width * factor)),
          static_cast<int>(std::lround(photo.height * factor))};
}

int channels_of(const TeacherSpec& spec) {
  if (spec.hands > 0) return hand_channels(spec.styles.size(), spec.hands);
  return teacher_channels(spec.styles.size(), !spec.drawings.empty());
}

// The planes of each style, from its folder or its filter, to the channels behind the photograph.
void put_planes(const TeacherSpec& spec, const Example& what, const Image8& leveled, FaceMasks& masks,
                Image8& example) {
  std::vector<std::pair<Image8, Image8>> made = taught(spec, leveled, masks);
  for (std::size_t i = 0; i < spec.styles.size(); ++i) {
    const StyleSource& style = spec.styles[i];
    const std::string base = (fs::path(style.source) / what.key).string();
    const auto [flat, line] =
        is_filter(spec, style)
            ? std::move(made[i])
            : std::pair{load_image(base + kFlatEnd), load_image(base + kLineEnd, {.channels = 1})};
    for (const Image8* plane : {&flat, &line})
      if (plane->width != leveled.width || plane->height != leveled.height)
        fail("image " + base,
             fmt::format("its planes are of {}x{} and {}x{}; make them of one size in every style",
                         plane->width, plane->height, leveled.width, leveled.height));
    put_plane(example, 3 + 4 * static_cast<int>(i), flat);
    put_plane(example, 6 + 4 * static_cast<int>(i), line);
  }
}

io::PackItem make_example(const TeacherSpec& spec, const Example& what, FaceMasks& masks,
                          const StrokePlanes& strokes) {
  io::PackItem item;
  item.name = what.key;
  try {
    const Image8 whole = load_image(spec.photos / what.photo);
    const auto [width, height] = size_of(spec, what, whole);
    if (std::min(width, height) < spec.smallest_side)
      fail("example " + what.key,
           fmt::format("of {}x{} is smaller than the crops of {}", width, height, spec.smallest_side));
    const Image8 photo = resize_image(whole, width, height), leveled = auto_levels(photo);
    Image8 example = Image8::of_planes(width, height, channels_of(spec));
    put_plane(example, 0, auto_levels(compressed(photo, what.key)));
    if (spec.hands > 0)
      put_hands(spec, leveled, masks, example);
    else
      put_planes(spec, what, leveled, masks, example);
    if (!strokes.empty())
      put_plane(example, example.channels - 1, strokes.plane(width, height, dice_of(what.key)));
    item.image = std::move(example);
  } catch (const Error& error) {
    item.problem = error.what();
  }
  return item;
}

}  // namespace

int hand_channels(std::size_t styles, int hands) {
  return 3 + static_cast<int>(styles) * hands;
}

int teacher_channels(std::size_t styles, bool drawings) {
  return 3 + 4 * static_cast<int>(styles) + (drawings ? 1 : 0);
}

fs::path pack_teachers(const TeacherSpec& spec, const DatasetEvents& events) {
  io::Hash hash;
  hash.add(kRecipe);
  hash.add(std::int64_t{spec.smallest_side});
  FaceMasks masks(spec, events);
  hash.add(std::int64_t{masks.there_are()});
  if (spec.hands > 0) hash.add(std::int64_t{spec.hands});
  const std::vector<Example> examples = find_examples(spec, hash, events);
  StrokePlanes strokes;
  if (!spec.drawings.empty()) {
    strokes = StrokePlanes(spec.drawings, events.warn);
    hash.add(std::string("drawings"));
    for (const io::ListedFile& file : strokes.files()) add_file(hash, file);
  }
  const io::PackShape shape{0, 0, channels_of(spec), 8};
  io::Hash place;  // without the changing part of the key, so that changed files replace their pack
  place.add(spec.photos.string());
  for (const StyleSource& style : spec.styles) {
    place.add(style.name);
    place.add(style.source);
  }
  if (!strokes.empty()) place.add(spec.drawings.string());
  if (spec.hands > 0) place.add(std::string("hands"));
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
    return make_example(spec, examples[static_cast<std::size_t>(i)], masks, strokes);
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
