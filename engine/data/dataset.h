// Images for training: a folder or an idx file, in memory that the system pages in as it is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/dataset_spec.h"
#include "engine/data/pipeline.h"

namespace sumi {

// The names of the classes that spec.labels tells apart, without decoding an image: those of
// spec.classes if given, and checked. Errors "[data PATH] ...": an image without a class, fewer
// than two classes, labels that do not fit the images.
std::vector<std::string> find_classes(const DatasetSpec& spec);

// How many images the folder or file of `spec` names, at most spec.max_items; some may turn out
// to be broken. Reads names and headers. Error "[data PATH] ..." for a file that is none of
// images.
std::int64_t count_images(const DatasetSpec& spec);

// The decoded images. Copies share them.
class Dataset {
 public:
  // Decodes each image once and packs the result in the cache; later calls map the pack and
  // decode nothing. With pairs of two sides an item holds both, [height, 2 width, channels]: A's
  // columns, then B's; they are skipped together.
  // A pack that is stale (files added, removed or changed), damaged or foreign is rebuilt.
  // Broken images are named to warn() and skipped. Errors "[data PATH] ...": missing or empty
  // folder, nothing readable, no place for the cache, a given pack that is damaged or of other
  // sizes, images without partner (named).
  static Dataset open(const DatasetSpec& spec, const DatasetEvents& events = {});

  std::int64_t count() const;
  int channels() const;
  int bits() const;
  // Image i as packed, [height(i), width(i), channels]; with 16 bits two bytes a level, in the
  // machine's order. Valid as long as a copy of this data set. Error for an i that is not in [0,
  // count).
  const std::uint8_t* item(std::int64_t i) const;
  int width(std::int64_t i) const;
  int height(std::int64_t i) const;
  std::int64_t item_bytes(std::int64_t i) const;

  // Names of the classes; empty without labels. They are derived from the names or the labels file
  // at each open() and not packed, so they can change without another decoding.
  const std::vector<std::string>& classes() const;
  // The class of image i, in [0, classes().size()); -1 without labels.
  std::int32_t label(std::int64_t i) const;

  // Two sets that share these images: all but one of every `every`, and those (the last of each
  // `every`, so of all classes where the names are in their order). Error unless both have some and
  // `every` >= 2.
  std::pair<Dataset, Dataset> split(std::int64_t every) const;

  // What the images were made from, preprocessing included, and their labels: equal keys, equal
  // images and labels. For packs, and for checkpoints of old versions.
  std::uint64_t key() const;
  // What the images are, wherever they lie and whatever their files are called or how old: levels
  // and sizes in their order, and their labels. Equal for sets that training cannot tell apart. May
  // read all images: ask once.
  std::uint64_t content_key() const;
  // The folder or file, as given.
  const std::filesystem::path& source() const;
  // How many images this open() had to decode: 0 when the pack was there.
  std::int64_t decoded() const;
  // Names of those that were skipped, relative to the folder.
  const std::vector<std::string>& broken() const;
  // The pack: of the cache or given; empty when an idx file is used as it is.
  const std::filesystem::path& pack_path() const;

  struct State;  // private to dataset.cpp

 private:
  // Where image i stands in the state. Error for an i that is not there.
  std::int64_t place(std::int64_t i) const;

  std::shared_ptr<const State> state_;
  std::shared_ptr<const std::vector<std::int64_t>> chosen_;  // places of the images; null: all
};

struct Batch {
  std::vector<float>
      data;  // [n, h, w, c] in [-1, 1]: level / 127.5 - 1, of 16 bits / 32767.5 - 1; kMaskValue
             // where an image has a hole
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t epoch = 0;            // which pass over the set, from 0
  std::int64_t index = 0;            // which batch of that epoch, from 0
  std::vector<std::int64_t> items;   // which images
  std::vector<std::int32_t> labels;  // their classes; empty when the set has none
};

// Batches for ever, one from each of one or more domains, or two of the pairs of one: what is given
// and what is wanted. Batch k is a function of (data sets, seed, batch size, preprocessing, flip,
// replacement, pairs, k) alone, whatever the number of workers. Mirrors, the places of crops and
// damages are random functions of (seed, domain, position). One caller at a time.
//
// One domain: each epoch is a new permutation, the last incomplete batch is dropped. With
// replacement an epoch has as many batches, at least one, but which images they hold is left to
// chance: some several times, some (about 1/e of them) not at all. Several: the domains are
// unpaired. Each runs through its own permutations one after another, across the ends of epochs,
// and no image is dropped, not even of the largest: within a domain, numbers of uses never differ
// by more than one. An epoch is floor(count of the largest / batch size) batches.
class BatchLoader {
 public:
  // Only the values under "of the batches" and "of pairs", workers, preprocess and crop_size of
  // `spec` are used. Errors "[data PATH] ...": pairs of several domains; fewer images than one
  // batch, except with replacement; without crops, a batch of more than one image where sizes
  // differ; images smaller than the crop.
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
  // Images of the largest domain.
  std::int64_t size() const { return size_; }
  std::size_t domains() const { return domains_.size(); }
  // How many next() gives: as many as domains, or the two sides of pairs.
  std::size_t batches() const { return pairs_ == Pairs::none ? domains_.size() : 2; }
  const Dataset& dataset(std::size_t domain = 0) const { return domains_.at(domain); }
  // Of an image; of a pair, of one side.
  int width(std::size_t domain, std::int64_t item) const;
  // Image i of those that batch `which` of next() is made of: its middle, as large as the crops;
  // not mirrored.
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
  int crop_;  // the side of the crops; 0: whole images
  Pairs pairs_;
  bool from_b_;
  Degradation damage_;
  std::int64_t size_ = 0, per_epoch_ = 0, position_ = 0;
  struct Orders;
  std::vector<std::shared_ptr<Orders>> orders_;  // of each domain
  // last: its threads use the above
  std::unique_ptr<io::OrderedPipeline<std::vector<Batch>>> pipeline_;
};

}  // namespace sumi
