// Pictures for training: a folder or an idx file, in memory that the system pages in as it is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/degradation.h"
#include "engine/data/pipeline.h"

namespace sumi {

// What happens to a picture. All but `square` are those known from CycleGAN, and their resizing is
// Filter::bicubic. The first step is done once, before packing; crops are cut anew for every batch.
enum class Preprocess {
  square,                // the middle square, resized to size x size
  resize_and_crop,       // resized to load_size x load_size (the aspect is not kept), then a random crop
  crop,                  // a random crop; smaller pictures are enlarged until the crop just fits
  scale_width,           // width load_size, height in proportion but at least crop_size; no crop
  scale_width_and_crop,  // the same, then a random crop
  none,                  // the picture's own size
};
// Crops are crop_size x crop_size. With scale_width(_and_crop) and none, both sides are rounded to the nearest
// multiple of 4 (half-way to the even multiple; at least 4, and not below a crop's size).

// Which class a picture has.
enum class LabelSource {
  none,
  automatic,  // file for an idx file; for a folder, folder where all pictures lie in two or more of its subfolders, else prefix
              // where that names 2 to 100 classes of at least two pictures each
  folder,     // the first-level subfolder that it lies in
  prefix,     // the file's name up to the separator
  file,       // an idx file of labels beside that of the pictures
};
struct LabelRule {
  LabelSource source = LabelSource::none;
  std::string separator = "_";
};

// How a picture is to become another, for learning by example.
enum class Pairs {
  none,
  side_by_side,  // each picture of the folder is two squares: A at the left, B at the right
  folders,       // a picture of A and the one of the same name, whatever its format, in `partner`, B
  made,          // the picture is what is wanted, and a damaged form of it is what is given
};

struct DatasetSpec {
  // A folder of pictures (recursive, links followed, hidden ones skipped), an idx(.gz) file, or a .pack file of
  // another data set's cache, which was made with the same size, channels and preprocessing.
  std::filesystem::path data;
  Preprocess preprocess = Preprocess::square;
  int size = 64;                         // of square only
  int load_size = 286, crop_size = 256;  // of the others, 1 to 16384
  int channels = 3;                      // 1 or 3; of a pack any number of planes
  int bits = 8;                          // per channel, 8 or 16: what is packed and what batches hold
  bool smooth_edges = false;             // packed as smooth_edges() makes them (engine/image/edges.h)
  std::int64_t max_items = 0;            // only the first so many (in the order of their names); 0: all
  LabelRule labels;
  std::vector<std::string> classes;  // their names in the order of their numbers; empty: as found, sorted
  std::filesystem::path cache_dir;   // of the packed pictures; empty: $XDG_CACHE_HOME/sumi or ~/.cache/sumi
  std::filesystem::path
      fallback_dir;  // used with a warning when that is not writable; empty: the temporary folder
  int workers = 2;   // threads that decode and that prepare batches; 0: the calling thread

  // Of the batches:
  int batch_size = 64;
  std::uint64_t seed = 0;
  bool flip = true;          // mirror each picture at random
  bool replacement = false;  // draw each picture from the whole set, whatever was drawn before

  // Of pairs. Both sides are prepared alike, cut at one place and mirrored together.
  Pairs pairs = Pairs::none;
  std::filesystem::path partner;  // of folders: where the pictures of B are
  bool from_b = false;            // of batches of side_by_side and folders: B is given and A is wanted
  Degradation degradation;        // of batches of `made`
};

// Called from the thread that opens the data set.
struct DatasetEvents {
  std::function<void(const std::string& line)> warn;
  std::function<void(std::int64_t done, std::int64_t total)>
      progress;  // while decoding; it may throw to stop it
};

// The names of the classes that spec.labels tells apart, without decoding a picture: those of spec.classes if given, and checked.
// Errors "[data PATH] ...": a picture without a class, fewer than two classes, labels that do not fit the pictures.
std::vector<std::string> find_classes(const DatasetSpec& spec);

// How many pictures the folder or file of `spec` names, at most spec.max_items; some may turn out to be broken. Reads names and
// headers. Error "[data PATH] ..." for a file that is none of pictures.
std::int64_t count_pictures(const DatasetSpec& spec);

// The decoded pictures. Copies share them.
class Dataset {
 public:
  // Decodes each picture once and packs the result in the cache; later calls map the pack and decode nothing.
  // With pairs of two sides an item holds both, [height, 2 width, channels]: A's columns, then B's; they are skipped
  // together.
  // A pack that is stale (files added, removed or changed), damaged or foreign is built anew. Broken pictures
  // are named to warn() and skipped. Errors "[data PATH] ...": missing or empty folder, nothing readable, no
  // place for the cache, a given pack that is damaged or of other sizes, pictures without partner (named).
  static Dataset open(const DatasetSpec& spec, const DatasetEvents& events = {});

  std::int64_t count() const;
  int channels() const;
  int bits() const;
  // Picture i as packed, [height(i), width(i), channels]; with 16 bits two bytes a level, in the machine's order. Valid as long as
  // a copy of this data set. Error for an i that is not in [0, count).
  const std::uint8_t* item(std::int64_t i) const;
  int width(std::int64_t i) const;
  int height(std::int64_t i) const;
  std::int64_t item_bytes(std::int64_t i) const;

  // Names of the classes; empty without labels. They are derived from the names or the labels file at each open() and not
  // packed, so they can change without another decoding.
  const std::vector<std::string>& classes() const;
  // The class of picture i, in [0, classes().size()); -1 without labels.
  std::int32_t label(std::int64_t i) const;

  // Two sets that share these pictures: all but one of every `every`, and those (the last of each `every`, so of all classes
  // where the names are in their order). Error unless both have some and `every` >= 2.
  std::pair<Dataset, Dataset> split(std::int64_t every) const;

  // What the pictures were made from, preprocessing included, and their labels: equal keys, equal pictures and labels. For
  // packs, and for checkpoints of old versions.
  std::uint64_t key() const;
  // What the pictures are, wherever they lie and whatever their files are called or how old: levels and sizes in their order,
  // and their labels. Equal for sets that training cannot tell apart. May read all pictures: ask once.
  std::uint64_t content_key() const;
  // The folder or file, as given.
  const std::filesystem::path& source() const;
  // How many pictures this open() had to decode: 0 when the pack was there.
  std::int64_t decoded() const;
  // Names of those that were skipped, relative to the folder.
  const std::vector<std::string>& broken() const;
  // The pack: of the cache or given; empty when an idx file is used as it is.
  const std::filesystem::path& pack_path() const;

  struct State;  // private to dataset.cpp

 private:
  // Where picture i stands in the state. Error for an i that is not there.
  std::int64_t place(std::int64_t i) const;

  std::shared_ptr<const State> state_;
  std::shared_ptr<const std::vector<std::int64_t>> chosen_;  // places of the pictures; null: all
};

struct Batch {
  std::vector<float>
      data;  // [n, h, w, c] in [-1, 1]: level / 127.5 - 1, of 16 bits / 32767.5 - 1; kMaskValue where a picture has a hole
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t epoch = 0;            // which pass over the set, from 0
  std::int64_t index = 0;            // which batch of that epoch, from 0
  std::vector<std::int64_t> items;   // which pictures
  std::vector<std::int32_t> labels;  // their classes; empty when the set has none
};

// Batches for ever, one from each of one or more domains, or two of the pairs of one: what is given and what is wanted.
// Batch k is a function of (data sets, seed, batch size, preprocessing, flip, replacement, pairs, k) alone, whatever the
// number of workers. Mirrors, the places of crops and damages are random functions of (seed, domain, position). One caller
// at a time.
//
// One domain: each epoch is a new permutation, the last incomplete batch is dropped. With replacement an epoch has as many
// batches, at least one, but which pictures they hold is left to chance: some several times, some (about 1/e of them) not at all.
// Several: the domains are unpaired. Each runs through its own permutations one after another, across the ends
// of epochs, and no picture is dropped, not even of the largest: within a domain, numbers of uses never differ
// by more than one. An epoch is floor(count of the largest / batch size) batches.
class BatchLoader {
 public:
  // Only the values under "of the batches" and "of pairs", workers, preprocess and crop_size of `spec` are used. Errors
  // "[data PATH] ...": pairs of several domains; fewer pictures than one batch, except with replacement; without crops, a batch of more than one picture where
  // sizes differ; pictures smaller than the crop.
  BatchLoader(std::vector<Dataset> domains, const DatasetSpec& spec);
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // The next batches; workers prepare a few ahead. Exceptions of workers surface here.
  std::vector<Batch> next();
  // Continue with batch k, counted from 0 over all epochs.
  void seek(std::int64_t k);
  // The batch that next() will return.
  std::int64_t position() const { return position_; }

  std::int64_t batches_per_epoch() const { return per_epoch_; }
  // Pictures of the largest domain.
  std::int64_t size() const { return size_; }
  std::size_t domains() const { return domains_.size(); }
  // How many next() gives: as many as domains, or the two sides of pairs.
  std::size_t batches() const { return pairs_ == Pairs::none ? domains_.size() : 2; }
  const Dataset& dataset(std::size_t domain = 0) const { return domains_.at(domain); }
  // Of a picture; of a pair, of one side.
  int width(std::size_t domain, std::int64_t item) const;
  // Picture i of those that batch `which` of next() is made of: its middle, as large as the crops; not mirrored.
  Batch middle(std::size_t which, std::int64_t i) const;

 private:
  struct Place;
  struct Window;
  Place place_of(std::int64_t k, std::int64_t i, std::size_t domain) const;
  std::size_t domain_of(std::size_t which) const { return pairs_ == Pairs::none ? which : 0; }
  Batch make(std::int64_t k, std::size_t which) const;
  template <class Level>
  BasicImage<Level> cut(std::size_t which, std::int64_t item, const Window& window) const;
  template <class Level>
  void add_levels(Batch& batch, std::size_t which, const BasicImage<Level>& image, std::uint64_t stream,
                  std::uint64_t position) const;
  void add(Batch& batch, std::size_t which, std::int64_t item, const Window& window, std::uint64_t stream,
           std::uint64_t position) const;

  std::vector<Dataset> domains_;
  int batch_size_, workers_;
  std::uint64_t seed_;
  bool flip_, replacement_;
  int crop_;  // the side of the crops; 0: whole pictures
  Pairs pairs_;
  bool from_b_;
  Degradation damage_;
  std::int64_t size_ = 0, per_epoch_ = 0, position_ = 0;
  struct Orders;
  std::vector<std::shared_ptr<Orders>> orders_;                        // of each domain
  std::unique_ptr<io::OrderedPipeline<std::vector<Batch>>> pipeline_;  // last: its threads use the above
};

}  // namespace sumi
