// Pictures for training: a folder or an idx file, in memory that the system pages in as it is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/pipeline.h"

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

struct DatasetSpec {
  // A folder of pictures (recursive, links followed, hidden ones skipped), an idx(.gz) file, or a .pack file of
  // another data set's cache, which was made with the same size, channels and preprocessing.
  std::filesystem::path data;
  Preprocess preprocess = Preprocess::square;
  int size = 64;                         // of square only
  int load_size = 286, crop_size = 256;  // of the others, 1 to 16384
  int channels = 3;                      // 1 or 3
  std::int64_t max_items = 0;            // only the first so many (in the order of their names); 0: all
  std::filesystem::path cache_dir;  // of the packed pictures; empty: $XDG_CACHE_HOME/sumi or ~/.cache/sumi
  std::filesystem::path
      fallback_dir;  // used with a warning when that is not writable; empty: the temporary folder
  int workers = 2;   // threads that decode and that prepare batches; 0: the calling thread

  // Of the batches:
  int batch_size = 64;
  std::uint64_t seed = 0;
  bool flip = true;  // mirror each picture at random
};

// Called from the thread that opens the data set.
struct DatasetEvents {
  std::function<void(const std::string& line)> warn;
  std::function<void(std::int64_t done, std::int64_t total)>
      progress;  // while decoding; it may throw to stop it
};

// The decoded pictures. Copies share them.
class Dataset {
 public:
  // Decodes each picture once and packs the result in the cache; later calls map the pack and decode nothing.
  // A pack that is stale (files added, removed or changed), damaged or foreign is built anew. Broken pictures
  // are named to warn() and skipped. Errors "[data PATH] ...": missing or empty folder, nothing readable, no
  // place for the cache, a given pack that is damaged or of other sizes.
  static Dataset open(const DatasetSpec& spec, const DatasetEvents& events = {});

  std::int64_t count() const;
  int channels() const;
  // Picture i as packed, [height(i), width(i), channels]; valid as long as a copy of this data set. Error for
  // an i that is not in [0, count).
  const std::uint8_t* item(std::int64_t i) const;
  int width(std::int64_t i) const;
  int height(std::int64_t i) const;
  std::int64_t item_bytes(std::int64_t i) const;

  // What the pictures were made from, preprocessing included: equal keys, equal pictures. For checkpoints.
  std::uint64_t key() const;
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
  void check(std::int64_t i) const;

  std::shared_ptr<const State> state_;
};

struct Batch {
  std::vector<float> data;  // [n, h, w, c], value / 127.5 - 1, so in [-1, 1]
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t epoch = 0;           // which pass over the set, from 0
  std::int64_t index = 0;           // which batch of that epoch, from 0
  std::vector<std::int64_t> items;  // which pictures
};

// Batches for ever, one from each of one or more domains. Batch k is a function of (data sets, seed, batch
// size, preprocessing, flip, k) alone, whatever the number of workers. Mirrors and the places of crops are
// random functions of (seed, domain, position). One caller at a time.
//
// One domain: each epoch is a new permutation, the last incomplete batch is dropped.
// Several: the domains are unpaired. Each runs through its own permutations one after another, across the ends
// of epochs, and no picture is dropped, not even of the largest: within a domain, numbers of uses never differ
// by more than one. An epoch is floor(count of the largest / batch size) batches.
class BatchLoader {
 public:
  // Only the values under "of the batches", workers, preprocess and crop_size of `spec` are used. Errors
  // "[data PATH] ...": fewer pictures than one batch; without crops, a batch of more than one picture where
  // sizes differ; pictures smaller than the crop.
  BatchLoader(std::vector<Dataset> domains, const DatasetSpec& spec);
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // The next batch of every domain; workers prepare a few ahead. Exceptions of workers surface here.
  std::vector<Batch> next();
  // Continue with batch k, counted from 0 over all epochs.
  void seek(std::int64_t k);
  // The batch that next() will return.
  std::int64_t position() const { return position_; }

  std::int64_t batches_per_epoch() const { return per_epoch_; }
  // Pictures of the largest domain.
  std::int64_t size() const { return size_; }
  std::size_t domains() const { return domains_.size(); }
  const Dataset& dataset(std::size_t domain = 0) const { return domains_.at(domain); }

 private:
  struct Place;
  Place place_of(std::int64_t k, std::int64_t i, std::size_t domain) const;
  Batch make(std::int64_t k, std::size_t domain) const;

  std::vector<Dataset> domains_;
  int batch_size_, workers_;
  std::uint64_t seed_;
  bool flip_;
  int crop_;  // the side of the crops; 0: whole pictures
  std::int64_t size_ = 0, per_epoch_ = 0, position_ = 0;
  struct Orders;
  std::vector<std::shared_ptr<Orders>> orders_;                        // of each domain
  std::unique_ptr<io::OrderedPipeline<std::vector<Batch>>> pipeline_;  // last: its threads use the above
};

}  // namespace sumi
