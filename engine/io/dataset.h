// Pictures for training: a folder or an idx file, all of one size, in memory that the system pages in as it
// is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/pipeline.h"

namespace sumi {

struct DatasetSpec {
  std::filesystem::path
      data;       // folder of pictures (recursive, links followed, hidden ones skipped), or an idx(.gz) file
  int size = 64;  // pictures become size x size: the middle square, resized
  int channels = 3;                 // 1 or 3
  std::int64_t max_items = 0;       // only the first so many (in the order of their names); 0: all
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
  // place for the cache.
  static Dataset open(const DatasetSpec& spec, const DatasetEvents& events = {});

  std::int64_t count() const;
  int size() const;
  int channels() const;
  // Picture i, [size, size, channels]; valid as long as a copy of this data set.
  const std::uint8_t* item(std::int64_t i) const;
  std::int64_t item_bytes() const;

  // What the pictures were made from: equal keys, equal pictures. For checkpoints.
  std::uint64_t key() const;
  // How many pictures this open() had to decode: 0 when the pack was there.
  std::int64_t decoded() const;
  // Names of those that were skipped, relative to the folder.
  const std::vector<std::string>& broken() const;
  // The cache file; empty when an idx file is used as it is.
  const std::filesystem::path& pack_path() const;

  struct State;  // private to dataset.cpp

 private:
  std::shared_ptr<const State> state_;
};

struct Batch {
  std::vector<float> data;  // [n, h, w, c], value / 127.5 - 1, so in [-1, 1]
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t epoch = 0;           // which pass over the set, from 0
  std::int64_t index = 0;           // which batch of that epoch, from 0
  std::vector<std::int64_t> items;  // which pictures
};

// Batches for ever: each epoch is a new permutation, the last incomplete batch is dropped. Batch k is a
// function of (data set, seed, batch size, flip, k) alone, whatever the number of workers. One caller at a
// time.
class BatchLoader {
 public:
  // Error "[data] ..." when the set is smaller than one batch.
  BatchLoader(Dataset data, const DatasetSpec& spec);
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // The next batch; workers prepare a few ahead. Exceptions of workers surface here.
  Batch next();
  // Continue with batch k, counted from 0 over all epochs.
  void seek(std::int64_t k);
  // The batch that next() will return.
  std::int64_t position() const { return position_; }

  std::int64_t batches_per_epoch() const { return per_epoch_; }
  std::int64_t size() const { return data_.count(); }
  const Dataset& dataset() const { return data_; }

 private:
  Batch make(std::int64_t k) const;

  Dataset data_;
  int batch_size_, workers_;
  std::uint64_t seed_;
  bool flip_;
  std::int64_t per_epoch_, position_ = 0;
  struct Orders;
  std::shared_ptr<Orders> orders_;
  std::unique_ptr<io::OrderedPipeline<Batch>> pipeline_;  // last: its threads use the members above
};

}  // namespace sumi
