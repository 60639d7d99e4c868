// Image data sets for training: a folder, a zip archive or an idx file, decoded once and
// memory-mapped.
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

// Returns the names of the classes that spec.labels distinguishes, without decoding an image;
// spec.classes, checked, if given. Throws Error "[data PATH] ..." for an image without a class,
// fewer than two classes, and labels that do not match the images.
std::vector<std::string> find_classes(const DatasetSpec& spec);

// Returns the number of images in the folder or file of `spec`, at most spec.max_items, including
// broken ones. Reads names and headers only. Throws Error "[data PATH] ..." for a file that does
// not contain images.
std::int64_t count_images(const DatasetSpec& spec);

// A set of decoded images. Copies share them.
class Dataset {
 public:
  // Decodes each image once and packs the result in the cache; later calls map the pack and decode
  // nothing. For two-sided pairs an item holds both images, [height, 2 width, channels]: A's
  // columns, then B's; they are skipped together.
  // Rebuilds a pack that is stale (files added, removed or changed), damaged or of another format.
  // Broken images are reported to warn() and skipped. Throws Error "[data PATH] ..." for a missing
  // or empty folder, if nothing is readable, if there is no room for the cache, for a given pack
  // that is damaged or has other sizes, and for images without a partner (named).
  static Dataset open(const DatasetSpec& spec, const DatasetEvents& events = {});

  std::int64_t count() const;
  int channels() const;
  int bits() const;
  // Image i as packed, [height(i), width(i), channels]; with 16 bits two bytes per level, in native
  // byte order. Valid while a copy of this data set exists. Throws Error for an i outside [0,
  // count).
  const std::uint8_t* item(std::int64_t i) const;
  int width(std::int64_t i) const;
  int height(std::int64_t i) const;
  std::int64_t item_bytes(std::int64_t i) const;

  // Names of the classes; empty without labels. They are derived from the names or the labels file
  // at each open() and not packed, so they can change without decoding again.
  const std::vector<std::string>& classes() const;
  // The class of image i, in [0, classes().size()); -1 without labels.
  std::int32_t label(std::int64_t i) const;

  // Splits off every `every`-th image (the last of each `every`, which covers all classes if the
  // names are sorted by class) and returns the remaining images and the split-off ones, both
  // sharing the pack. Throws Error unless both sets are non-empty and `every` >= 2.
  std::pair<Dataset, Dataset> split(std::int64_t every) const;

  // Identifies the images' source, preprocessing included, and their labels: equal keys imply equal
  // images and labels. For packs, and for checkpoints of old versions.
  std::uint64_t key() const;
  // Identifies the contents, independent of paths, file names and times: levels and sizes in order,
  // and labels. Equal for sets that training cannot distinguish. May read all images; call it once.
  std::uint64_t content_key() const;
  // The folder or file, as given.
  const std::filesystem::path& source() const;
  // The number of images that this open() decoded: 0 if the pack existed.
  std::int64_t decoded() const;
  // Names of the skipped images, relative to the folder.
  const std::vector<std::string>& broken() const;
  // The pack file, cached or given; empty if an idx file is used directly.
  const std::filesystem::path& pack_path() const;

  struct State;  // private to dataset.cpp

 private:
  // The index of image i in the state. Throws Error if it is out of range.
  std::int64_t place(std::int64_t i) const;

  std::shared_ptr<const State> state_;
  std::shared_ptr<const std::vector<std::int64_t>> chosen_;  // indices of the images; null: all
};

struct Batch {
  // [n, h, w, c] in [-1, 1]: level / 127.5 - 1 (8 bits) or level / 32767.5 - 1 (16 bits);
  // kMaskValue in holes
  std::vector<float> data;
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t epoch = 0;            // pass over the set, from 0
  std::int64_t index = 0;            // batch within the epoch, from 0
  std::vector<std::int64_t> items;   // indices of the images
  std::vector<std::int32_t> labels;  // class indices; empty if the set has none
};

// An endless sequence of batches, one from each of one or more domains, or the two sides of paired
// images: input and target. Batch k depends only on (data sets, seed, batch size, preprocessing,
// flip, replacement, pairs, k), not on the number of workers. Mirroring, crop positions and
// degradations are random functions of (seed, domain, position). For one caller at a time.
//
// One domain: each epoch is a new permutation, and the last incomplete batch is dropped. With
// replacement an epoch has the same number of batches, at least one, of images sampled
// independently: some occur several times, and about 1/e of them not at all. Several domains are
// unpaired. Each goes through its own permutations one after another, across the ends of epochs,
// and no image is dropped, not even of the largest domain: within a domain, usage counts never
// differ by more than one. An epoch is floor(count of the largest / batch size) batches.
class BatchLoader {
 public:
  // Uses only the batch and pair settings, workers, preprocess and crop_size of `spec`. Throws
  // Error "[data PATH] ..." for pairs with several domains; for fewer images than one batch, except
  // with replacement; without crops, for a batch of more than one image if sizes differ; for images
  // smaller than the crop.
  BatchLoader(std::vector<Dataset> domains, const DatasetSpec& spec);
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // Returns the next batches; workers prepare a few ahead. Rethrows exceptions of workers.
  std::vector<Batch> next();
  // Continues with batch k, counted from 0 over all epochs.
  void seek(std::int64_t k);
  // The index of the batch that next() will return.
  std::int64_t position() const { return position_; }

  std::int64_t batches_per_epoch() const { return per_epoch_; }
  // The number of images in the largest domain.
  std::int64_t size() const { return size_; }
  std::size_t domains() const { return domains_.size(); }
  // The number of batches that next() returns: one per domain, or the two sides of pairs.
  std::size_t batches() const { return pairs_ == Pairs::none ? domains_.size() : 2; }
  const Dataset& dataset(std::size_t domain = 0) const { return domains_.at(domain); }
  // The width of an image, or of one side of a pair.
  int width(std::size_t domain, std::int64_t item) const;
  // The center of image i of batch `which`, of the size of the crops; not mirrored.
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
  int crop_;  // side of the crops; 0: whole images
  Pairs pairs_;
  bool from_b_;
  Degradation damage_;
  std::int64_t size_ = 0, per_epoch_ = 0, position_ = 0;
  struct Orders;
  std::vector<std::shared_ptr<Orders>> orders_;  // per domain
  // last, because its threads use the members above
  std::unique_ptr<io::OrderedPipeline<std::vector<Batch>>> pipeline_;
};

}  // namespace sumi
