#include "engine/data/dataset.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "engine/data/file_listing.h"
#include "engine/data/idx.h"
#include "engine/data/image_folder.h"
#include "engine/data/labels.h"
#include "engine/data/pack.h"
#include "engine/data/pack_sources.h"
#include "engine/data/pairs.h"
#include "engine/data/preprocess.h"
#include "engine/image/edges.h"
#include "engine/image/image.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi {
namespace fs = std::filesystem;
using io::Pack;
using io::PackItem;
using io::PackShape;

struct Dataset::State {
  std::optional<Pack> pack;
  // of an idx file that needs no preprocessing, instead of a pack
  std::vector<std::uint8_t> pixels;
  PackShape shape;  // with it, never 0x0
  fs::path source;
  std::int64_t count = 0, decoded = 0;
  std::uint64_t key = 0;
  fs::path pack_path;
  std::vector<std::string> broken;
  io::Labels labels;  // empty without labels
};

namespace {

// To be raised when decoding or preprocessing changes its results: every pack is then stale. 2:
// color profiles are applied. 3: formats are read by their own libraries.
constexpr std::int64_t kRecipe = 3;
constexpr std::int64_t kSmoothing = 1;  // the same for images with smoothed edges
constexpr std::size_t kNamed = 20;      // limit of broken images that are reported one by one

fs::path absolute_of(const fs::path& path) {
  std::error_code error;
  const auto real = fs::canonical(path, error);
  return error ? fs::absolute(path) : real;
}

void add_options(io::Hash& hash, const DatasetSpec& spec, std::int64_t recipe = kRecipe) {
  const bool square = spec.preprocess == Preprocess::square;
  for (const std::int64_t v :
       {recipe, std::int64_t{square ? spec.size : 0}, std::int64_t{spec.channels}, spec.max_items})
    hash.add(v);
  if (!square)
    for (const int v : {static_cast<int>(spec.preprocess), spec.load_size, spec.crop_size})
      hash.add(std::int64_t{v});
  if (square && spec.square_height() != spec.size) hash.add(std::int64_t{spec.square_height()});
  if (spec.smooth_edges) hash.add(kSmoothing);
  if (spec.bits != 8) hash.add(std::int64_t{spec.bits});
  hash.add(absolute_of(spec.data).string());
  if (io::two_sided(spec.pairs)) {
    hash.add(static_cast<std::int64_t>(spec.pairs));
    if (spec.pairs == Pairs::folders) hash.add(absolute_of(spec.partner).string());
  }
}

// The name identifies the data's folder, for the user, and the options that select the pack;
// everything else is in the key inside. A changed folder thus replaces its pack instead of leaving
// an orphan.
std::string pack_name(const DatasetSpec& spec) {
  io::Hash hash;
  add_options(hash, spec, 1);  // another version replaces the pack, too
  auto stem = absolute_of(spec.data).filename().string().substr(0, 40);
  for (char& c : stem)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') c = '-';
  std::string kind = io::name_of(spec.preprocess);
  if (spec.preprocess == Preprocess::square)
    kind = spec.square_height() == spec.size ? std::to_string(spec.size)
                                             : fmt::format("{}x{}", spec.size, spec.square_height());
  return fmt::format("{}-{}x{}{}{}-{:016x}.pack", stem, kind, spec.channels,
                     spec.smooth_edges ? "-smooth" : "", spec.bits == 16 ? "-16bit" : "", hash.value());
}

void build_pack(const fs::path& path, const io::Source& source, const Dataset::State& state,
                const DatasetSpec& spec, const DatasetEvents& events) {
  io::OrderedPipeline<PackItem> pipeline(spec.workers, 4 * spec.workers, 0, source.count, source.produce);
  std::int64_t done = 0;
  std::size_t broken = 0, remarks = 0;
  std::string first_remark;
  io::write_pack(path, state.key, state.shape, source.count, [&] {
    auto item = pipeline.next();
    if (!item.problem.empty() && ++broken <= kNamed && events.warn) events.warn("skipped " + item.problem);
    if (item.problem.empty() && !item.remark.empty() && remarks++ == 0)
      first_remark = item.name + " " + item.remark;
    if (events.progress) events.progress(++done, source.count);
    return item;
  });
  if (remarks > 0 && events.warn)
    events.warn(remarks == 1 ? first_remark
                             : fmt::format("{} images were read in part or not quite as they are, e.g. {}",
                                           remarks, first_remark));
  if (broken > kNamed && events.warn)
    events.warn(fmt::format("skipped {} more broken images", broken - kNamed));
}

void take(Dataset::State& state, Pack pack) {
  state.count = pack.count();
  state.broken = pack.broken();
  state.pack = std::move(pack);
}

// Searches the cache folders for a pack with this key.
bool find_pack(Dataset::State& state, const DatasetSpec& spec, const DatasetEvents& events) {
  for (const auto& dir : io::cache_candidates(spec.cache_dir, spec.fallback_dir)) {
    auto pack = Pack::open(dir / pack_name(spec), state.key, state.shape);
    if (!pack) continue;
    state.pack_path = dir / pack_name(spec);
    take(state, std::move(*pack));
    const auto n = state.broken.size();
    if (n > 0 && events.warn)
      events.warn(
          fmt::format("{} broken {} skipped, e.g. {}", n, n == 1 ? "image" : "images", state.broken[0]));
    return true;
  }
  return false;
}

void make_pack(Dataset::State& state, const io::Source& source, const DatasetSpec& spec,
               const DatasetEvents& events) {
  state.pack_path = io::choose_cache_dir(spec.cache_dir, spec.fallback_dir,
                                         static_cast<std::uint64_t>(source.bytes), events.warn) /
                    pack_name(spec);
  build_pack(state.pack_path, source, state, spec, events);
  state.decoded = source.count;
  auto pack = Pack::open(state.pack_path, state.key, state.shape);
  if (!pack)
    fail("data cache " + state.pack_path.string(), "was written but cannot be read back; check the disk");
  take(state, std::move(*pack));
}

bool is_labeled(const DatasetSpec& spec) {
  return spec.labels.source != LabelSource::none;
}

void open_folder(Dataset::State& state, const DatasetSpec& spec, const DatasetEvents& events) {
  io::ImageFolders folders{io::ImageFolder(spec.data), {}};
  auto files = folders.data.list(events.warn);
  if (files.empty()) io::report_nothing(spec.data);
  std::vector<io::ListedFile> partners;
  if (spec.pairs == Pairs::folders) {
    folders.partner.emplace(spec.partner);
    partners = io::partners(spec, files, folders.partner->list(events.warn));
  }
  io::Hash hash;
  add_options(hash, spec);
  for (auto* list : {&files, &partners}) {
    if (spec.max_items > 0 && static_cast<std::int64_t>(list->size()) > spec.max_items)
      list->resize(static_cast<std::size_t>(spec.max_items));
    for (const auto& f : *list) {
      hash.add(f.name);
      hash.add(f.bytes);
      hash.add(f.mtime_ns);
    }
  }
  state.key = hash.value();
  std::vector<std::string> names;
  for (const auto& f : files) names.push_back(f.name);
  // before decoding, so that problems with names are reported at once
  if (is_labeled(spec)) state.labels = io::labels_of_names(spec, names);
  if (!find_pack(state, spec, events))
    make_pack(state, io::folder_source(spec, std::move(folders), std::move(files), std::move(partners)), spec,
              events);
  if (is_labeled(spec)) io::leave_out(state.labels, names, state.broken);
}

void open_idx(Dataset::State& state, const DatasetSpec& spec, const DatasetEvents& events) {
  io::Hash hash;
  add_options(hash, spec);
  struct stat info {};
  if (::stat(spec.data.c_str(), &info) == 0) {
    hash.add(std::int64_t{info.st_size});
    hash.add(std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec);
  }
  state.key = hash.value();
  if (spec.bits != 8)
    fail("data " + spec.data.string(), "is an idx file, which has 8 bits per channel; use --bits 8");
  if (is_labeled(spec)) state.labels = io::labels_of_idx(spec);
  if (find_pack(state, spec, events)) return;
  auto images = std::make_shared<IdxImages>(load_idx(spec.data, spec.max_items));
  if (spec.preprocess == Preprocess::square && images->rows == spec.square_height() &&
      images->cols == spec.size && spec.channels == 1 && !spec.smooth_edges) {
    state.pixels = std::move(images->pixels);
    state.count = images->count;
  } else {
    make_pack(state, io::idx_source(spec, images), spec, events);
  }
}

std::string text_of(const PackShape& s) {
  return fmt::format("{}x{}x{}{}", s.height, s.width, s.channels, s.bits == 16 ? " at 16 bits" : "");
}

// Opens a pack from another run's cache, possibly from another machine that has the images.
void open_pack(Dataset::State& state, const DatasetSpec& spec, const DatasetEvents& events) {
  if (is_labeled(spec)) io::refuse_packed_labels(spec);
  const std::string where = "data " + spec.data.string();
  auto pack = Pack::read(spec.data);
  if (!pack)
    fail(where,
         "is not a packed set of this version, or is damaged; copy it again from a run's cache folder");
  if (const PackShape& held = pack->shape(); !(held == state.shape))
    fail(where, fmt::format("holds images of {}, but the options ask for {}; make it with the same size, "
                            "channels, bits and preprocessing",
                            text_of(held), text_of(state.shape)));
  io::Hash hash;
  hash.add(static_cast<std::int64_t>(pack->key()));
  hash.add(spec.max_items);
  if (spec.smooth_edges) hash.add(kSmoothing);
  state.key = hash.value();
  if (spec.smooth_edges) {
    if (!find_pack(state, spec, events)) make_pack(state, io::smoothed_source(spec, *pack), spec, events);
    return;
  }
  state.pack_path = spec.data;
  take(state, std::move(*pack));
  if (spec.max_items > 0) state.count = std::min(state.count, spec.max_items);
}

// Different labels make the same images a different set.
void add_labels(io::Hash& hash, const io::Labels& labels) {
  for (const auto& name : labels.classes) hash.add(name);
  for (const auto label : labels.of_image) hash.add(std::int64_t{label});
}

}  // namespace

Dataset Dataset::open(const DatasetSpec& spec, const DatasetEvents& events) {
  const std::string where = "data " + spec.data.string();
  io::check_preprocess(where, spec);
  const bool is_pack = spec.data.extension() == ".pack";
  if (spec.channels != 1 && spec.channels != 3 && spec.channels != 4 &&
      !(is_pack && spec.channels > 0 && spec.channels <= static_cast<int>(io::kMostPlanes)))
    fail(where, fmt::format("cannot have {} channels; use 1, 3 or 4", spec.channels));
  if (spec.workers < 0 || spec.max_items < 0) fail(where, "workers and max items cannot be negative");
  std::error_code error;
  const auto status = fs::status(spec.data, error);
  if (spec.data.empty() || !fs::exists(status))
    fail(where, "does not exist; give a folder or zip file of images, or an idx file");
  auto state = std::make_shared<State>();
  const auto [w, h] = io::common_size(spec);
  state->shape = {h, io::two_sided(spec.pairs) ? 2 * w : w, spec.channels, spec.bits};
  state->source = spec.data;
  const bool is_folder = fs::is_directory(status) || io::is_archive(spec.data);
  if (io::two_sided(spec.pairs) && !is_folder && !is_pack)
    fail(where, "is one file; pairs are taken from folders (or made of its images: --task)");
  if (spec.pairs == Pairs::folders && !fs::is_directory(spec.partner, error) && !io::is_archive(spec.partner))
    fail("data " + spec.partner.string(), "is not a folder; give the folder or zip file of the partners");
  if (is_folder) {
    open_folder(*state, spec, events);
  } else if (fs::is_regular_file(status) && is_pack) {
    open_pack(*state, spec, events);
  } else if (fs::is_regular_file(status)) {
    open_idx(*state, spec, events);
  } else {
    fail(where, "is neither a folder nor a file; give a folder or zip file of images, or an idx file");
  }
  if (is_labeled(spec)) {
    if (static_cast<std::int64_t>(state->labels.of_image.size()) != state->count)
      fail(where, fmt::format("has {} images but {} labels (a bug in sumi)", state->count,
                              state->labels.of_image.size()));
    io::Hash hash;
    hash.add(static_cast<std::int64_t>(state->key));
    add_labels(hash, state->labels);
    state->key = hash.value();
  }
  Dataset result;
  result.state_ = std::move(state);
  return result;
}

std::int64_t Dataset::count() const {
  return chosen_ ? static_cast<std::int64_t>(chosen_->size()) : state_->count;
}
int Dataset::channels() const {
  return static_cast<int>(state_->shape.channels);
}
int Dataset::bits() const {
  return state_->shape.bits;
}
std::uint64_t Dataset::key() const {
  if (!chosen_) return state_->key;
  io::Hash hash;
  hash.add(static_cast<std::int64_t>(state_->key));
  hash.add(chosen_->data(), chosen_->size() * sizeof(std::int64_t));
  return hash.value();
}
std::uint64_t Dataset::content_key() const {
  const State& s = *state_;
  io::Hash hash;
  for (const std::int64_t v : {s.count, s.shape.channels, std::int64_t{s.shape.bits}}) hash.add(v);
  if (s.pack) {
    hash.add(static_cast<std::int64_t>(s.pack->content(s.count)));
  } else {
    io::ContentHash content;
    const auto bytes = static_cast<std::size_t>(s.shape.width * s.shape.height * s.shape.channels);
    for (std::int64_t i = 0; i < s.count; ++i)
      content.add(s.pixels.data() + static_cast<std::size_t>(i) * bytes, bytes,
                  static_cast<int>(s.shape.width), static_cast<int>(s.shape.height));
    hash.add(static_cast<std::int64_t>(content.value()));
  }
  add_labels(hash, s.labels);
  if (chosen_) hash.add(chosen_->data(), chosen_->size() * sizeof(std::int64_t));
  return hash.value();
}
const std::vector<std::string>& Dataset::classes() const {
  return state_->labels.classes;
}
std::int32_t Dataset::label(std::int64_t i) const {
  const auto at = static_cast<std::size_t>(place(i));
  return classes().empty() ? -1 : state_->labels.of_image[at];
}
std::int64_t Dataset::decoded() const {
  return state_->decoded;
}
const std::vector<std::string>& Dataset::broken() const {
  return state_->broken;
}
const fs::path& Dataset::source() const {
  return state_->source;
}
const fs::path& Dataset::pack_path() const {
  return state_->pack_path;
}

std::int64_t Dataset::place(std::int64_t i) const {
  if (i < 0 || i >= count())
    fail("data " + state_->source.string(), fmt::format("has no image {}; there are {}", i, count()));
  return chosen_ ? (*chosen_)[static_cast<std::size_t>(i)] : i;
}

int Dataset::width(std::int64_t i) const {
  const auto at = place(i);
  return state_->pack ? state_->pack->width(at) : static_cast<int>(state_->shape.width);
}
int Dataset::height(std::int64_t i) const {
  const auto at = place(i);
  return state_->pack ? state_->pack->height(at) : static_cast<int>(state_->shape.height);
}
std::int64_t Dataset::item_bytes(std::int64_t i) const {
  return std::int64_t{height(i)} * width(i) * channels() * (bits() / 8);
}
const std::uint8_t* Dataset::item(std::int64_t i) const {
  const auto at = place(i);
  return state_->pack ? state_->pack->item(at) : state_->pixels.data() + at * item_bytes(i);
}

std::pair<Dataset, Dataset> Dataset::split(std::int64_t every) const {
  if (every < 2 || every > count())
    fail("data " + state_->source.string(), fmt::format("has {} images, of which one of every {} cannot be "
                                                        "held out; give --val-every from 2 to that, or 0",
                                                        count(), every));
  std::vector<std::int64_t> rest, held;
  for (std::int64_t i = 0; i < count(); ++i) (i % every == every - 1 ? held : rest).push_back(place(i));
  std::pair<Dataset, Dataset> parts{*this, *this};
  parts.first.chosen_ = std::make_shared<const std::vector<std::int64_t>>(std::move(rest));
  parts.second.chosen_ = std::make_shared<const std::vector<std::int64_t>>(std::move(held));
  return parts;
}

}  // namespace sumi
