#include "models/training/teachers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/error.h"
#include "engine/image/image.h"
#include "engine/data/file_listing.h"
#include "engine/data/pack.h"
#include "engine/data/pipeline.h"
#include "models/inference/auto_levels.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

// Raise it when an example would come out differently from the same files.
constexpr std::int64_t kRecipe = 1;
constexpr const char *kFlatEnd = ".flat.png", *kLineEnd = ".line.png";

// "a/b.flat.png" without ".flat.png"; "" for another name.
std::string without(const std::string& name, const std::string& end) {
  return name.ends_with(end) ? name.substr(0, name.size() - end.size()) : "";
}

std::string stem_of(const std::string& name) {
  const std::string file = name.substr(name.rfind('/') + 1);
  return file.substr(0, file.rfind('.'));
}

// One photograph at one size: its file, and the path of its planes below each style's folder.
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
  const std::string where = "--style " + style.name + "=" + style.source;
  if (!fs::is_directory(style.source, error))
    fail(where, "is no folder of teachers, and there is no such filter; check the path");
  std::set<std::string> flats, pairs;
  const std::vector<io::ListedFile> files = io::list_pictures(style.source, {});
  for (const io::ListedFile& file : files) {
    add_file(hash, file);
    if (const std::string key = without(file.name, kFlatEnd); !key.empty()) flats.insert(key);
  }
  for (const io::ListedFile& file : files)
    if (const std::string key = without(file.name, kLineEnd); flats.contains(key)) pairs.insert(key);
  if (pairs.empty())
    fail(where, fmt::format("holds no pairs NAME{} and NAME{}, a flat picture and its lines for a photograph NAME", kFlatEnd,
                            kLineEnd));
  return pairs;
}

std::vector<Example> find_examples(const TeacherSpec& spec, io::Hash& hash, const DatasetEvents& events) {
  std::map<std::string, std::string> photos;  // by name without folder and extension
  const std::vector<io::ListedFile> files = io::list_pictures(spec.photos, events.warn);
  if (files.empty()) io::report_nothing(spec.photos);
  for (const io::ListedFile& file : files) {
    add_file(hash, file);
    photos.emplace(stem_of(file.name), file.name);
  }
  std::set<std::string> common;
  for (std::size_t i = 0; i < spec.styles.size(); ++i) {
    hash.add(spec.styles[i].name);
    const std::set<std::string> pairs = pairs_in(spec.styles[i], hash);
    if (i == 0) common = pairs;
    std::erase_if(common, [&](const std::string& key) { return !pairs.contains(key); });
  }
  std::vector<Example> examples;
  for (const std::string& key : common)
    if (const auto photo = photos.find(key.substr(key.rfind('/') + 1)); photo != photos.end())
      examples.push_back({photo->second, key});
  if (examples.empty())
    fail("--style", fmt::format("no photograph of {} has planes of every style; the teachers' files are named after the "
                                "photographs: NAME{} and NAME{}",
                                spec.photos.string(), kFlatEnd, kLineEnd));
  return examples;
}

// Channel `to` of the example and the next ones become those of `plane`.
void put_plane(Image8& example, int to, const Image8& plane) {
  for (int y = 0; y < example.height; ++y)
    for (int x = 0; x < example.width; ++x) std::copy_n(plane.at(x, y), plane.channels, example.at(x, y) + to);
}

// As a JPEG file of a quality from 25 to 90 shows it, which the teachers did not see; of every third key, as it is else.
Image8 compressed(const Image8& photo, const std::string& key) {
  io::Hash hash;
  hash.add(key);
  const std::uint64_t dice = hash.value() ^ (hash.value() >> 32);
  if (dice % 3 != 0) return photo;
  const fs::path file = fs::temp_directory_path() / fmt::format("sumi-example-{}-{:016x}.jpg", ::getpid(), hash.value());
  save_image(file, photo, 25 + static_cast<int>(dice / 3 % 66));
  Image8 back = load_image(file);
  fs::remove(file);
  return back;
}

io::PackItem make_example(const TeacherSpec& spec, const Example& what) {
  io::PackItem item;
  item.name = what.key;
  try {
    Image8 example;
    for (std::size_t i = 0; i < spec.styles.size(); ++i) {
      const std::string base = (fs::path(spec.styles[i].source) / what.key).string();
      const Image8 flat = load_image(base + kFlatEnd), line = load_image(base + kLineEnd, {.channels = 1});
      if (i == 0) {
        if (std::min(flat.width, flat.height) < spec.smallest_side)
          fail("picture " + base + kFlatEnd, fmt::format("of {}x{} is smaller than the crops of {}", flat.width, flat.height,
                                                      spec.smallest_side));
        example = Image8::of_planes(flat.width, flat.height, teacher_channels(spec.styles.size()));
        const Image8 photo = resize_image(load_image(spec.photos / what.photo), flat.width, flat.height);
        put_plane(example, 0, auto_levels(compressed(photo, what.key)));
      }
      for (const Image8* plane : {&flat, &line})
        if (plane->width != example.width || plane->height != example.height)
          fail("picture " + base, fmt::format("its planes are of {}x{} and {}x{}; make them of one size in every style",
                                              plane->width, plane->height, example.width, example.height));
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
  io::Hash place;  // what may change is the key inside: changed files replace their pack
  place.add(spec.photos.string());
  for (const StyleSource& style : spec.styles) {
    place.add(style.name);
    place.add(style.source);
  }
  const std::string name = fmt::format("teachers-{:016x}.pack", place.value());
  for (const fs::path& folder : io::cache_candidates(spec.cache_dir, spec.fallback_dir))
    if (io::Pack::open(folder / name, hash.value(), shape)) return folder / name;
  constexpr std::uint64_t kGuessedPixels = 300'000;
  const fs::path path = io::choose_cache_dir(spec.cache_dir, spec.fallback_dir,
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
