// How to read a data set: files, preprocessing, labels, pairs and batches.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/data/degradation.h"

namespace sumi {

// What happens to an image. All but `square` are those known from CycleGAN, and their resizing is
// Filter::bicubic. The first step is done once, before packing; crops are cropped again for every batch.
enum class Preprocess {
  square,                // the middle square, resized to size x size
  resize_and_crop,       // resized to load_size x load_size (the aspect is not kept), then a random crop
  crop,                  // a random crop; smaller images are enlarged until the crop just fits
  scale_width,           // width load_size, height in proportion but at least crop_size; no crop
  scale_width_and_crop,  // the same, then a random crop
  none,                  // the image's own size
};
// Crops are crop_size x crop_size. With scale_width(_and_crop) and none, both sides are rounded to
// the nearest multiple of 4 (half-way to the even multiple; at least 4, and not below a crop's
// size).

// Which class an image has.
enum class LabelSource {
  none,
  // file for an idx file; for a folder, folder where all images lie in two or more of its
  // subfolders, else prefix where that names 2 to 100 classes of at least two images each
  automatic,
  folder,  // the first-level subfolder that it lies in
  prefix,  // the file's name up to the separator
  file,    // an idx file of labels beside that of the images
};
struct LabelRule {
  LabelSource source = LabelSource::none;
  std::string separator = "_";
};

// How an image is to become another, for learning by example.
enum class Pairs {
  none,
  side_by_side,  // each image of the folder is two squares: A at the left, B at the right
  folders,       // an image of A and the one of the same name, whatever its format, in `partner`, B
  made,          // the image is what is wanted, and a damaged form of it is what is given
};

struct DatasetSpec {
  // A folder of images (recursive, links followed, hidden ones skipped), an idx(.gz) file, or a
  // .pack file of another data set's cache, which was made with the same size, channels and
  // preprocessing.
  std::filesystem::path data;
  Preprocess preprocess = Preprocess::square;
  int size = 64;                         // of square only
  int load_size = 286, crop_size = 256;  // of the others, 1 to 16384
  int channels = 3;                      // 1 or 3
  int bits = 8;                          // per channel, 8 or 16: what is packed and what batches hold
  bool smooth_edges = false;             // packed as smooth_edges() makes them (engine/image/edges.h)
  std::int64_t max_items = 0;            // only the first so many (in the order of their names); 0: all
  LabelRule labels;
  // their names in the order of their numbers; empty: as found, sorted
  std::vector<std::string> classes;
  // of the packed images; empty: $XDG_CACHE_HOME/sumi or ~/.cache/sumi
  std::filesystem::path cache_dir;
  std::filesystem::path
      fallback_dir;  // used with a warning when that is not writable; empty: the temporary folder
  int workers = 2;   // threads that decode and that prepare batches; 0: the calling thread

  // Of the batches:
  int batch_size = 64;
  std::uint64_t seed = 0;
  bool flip = true;          // mirror each image at random
  bool replacement = false;  // draw each image from the whole set, whatever was drawn before

  // Of pairs. Both sides are prepared alike, cut at one place and mirrored together.
  Pairs pairs = Pairs::none;
  std::filesystem::path partner;  // of folders: where the images of B are
  bool from_b = false;            // of batches of side_by_side and folders: B is given and A is wanted
  Degradation degradation;        // of batches of `made`
};

// Called from the thread that opens the data set.
struct DatasetEvents {
  std::function<void(const std::string& line)> warn;
  std::function<void(std::int64_t done, std::int64_t total)>
      progress;  // while decoding; it may throw to stop it
};

}  // namespace sumi
