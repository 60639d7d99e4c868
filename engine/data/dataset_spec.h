// How to read a data set: files, preprocessing, labels, pairs and batches.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/data/degradation.h"

namespace sumi {

// How images are resized and cropped. All modes but `square` are CycleGAN's, and resize with
// Filter::bicubic. The first step is done once, before packing; crops are chosen again for every
// batch.
enum class Preprocess {
  // the largest central part of the shape size:size, resized; size x height with a `height`
  square,
  // resized to load_size x load_size (ignoring the aspect ratio), then a random crop
  resize_and_crop,
  crop,                  // a random crop; smaller images are enlarged until the crop just fits
  scale_width,           // width load_size, height in proportion but at least crop_size; no crop
  scale_width_and_crop,  // the same, then a random crop
  none,                  // the original size
};
// Crops are crop_size x crop_size. With scale_width(_and_crop) and none, both sides are rounded to
// the nearest multiple of 4 (ties to the even multiple; at least 4, and not below a crop's size).

// Where the class of an image comes from.
enum class LabelSource {
  none,
  // file for an idx file; for a folder, `folder` if all images are in two or more of its
  // subfolders, else `prefix` if that gives 2 to 100 classes of at least two images each
  automatic,
  folder,  // the image's first-level subfolder
  prefix,  // the file name up to the separator
  file,    // an idx file of labels beside that of the images
};
struct LabelRule {
  LabelSource source = LabelSource::none;
  std::string separator = "_";
};

// How input and target images are paired, for supervised learning.
enum class Pairs {
  none,
  side_by_side,  // each image consists of two squares: A on the left, B on the right
  folders,       // an image of A and the image of the same name, in any format, in `partner`, B
  made,          // the image is the target, and a degraded version of it is the input
};

struct DatasetSpec {
  // Of square images: see `height`.
  int square_height() const { return height > 0 ? height : size; }

  // A folder of images (recursive; links are followed, hidden files skipped), a zip archive of one,
  // an idx(.gz) file, or a .pack file of another data set's cache with the same size, channels and
  // preprocessing.
  std::filesystem::path data;
  Preprocess preprocess = Preprocess::square;
  int size = 64;                         // for square: width and height,
  int height = 0;                        // or the width, if this is not 0
  int load_size = 286, crop_size = 256;  // for the other modes, 1 to 16384
  int channels = 3;                      // 1, 3 or 4 (BasicImage::channels); of a pack any number of planes
  int bits = 8;                          // per channel, 8 or 16: of packs and batches
  bool smooth_edges = false;             // smooth_edges() before packing (engine/image/edges.h)
  std::int64_t max_items = 0;            // only the first ones, in name order; 0: all
  LabelRule labels;
  // class names in the order of their indices; empty: as found, sorted
  std::vector<std::string> classes;
  // for packed images; empty: $XDG_CACHE_HOME/sumi or ~/.cache/sumi
  std::filesystem::path cache_dir;
  std::filesystem::path
      fallback_dir;  // used with a warning if cache_dir is not writable; empty: the temporary
                     // folder
  int workers = 2;   // threads that decode and prepare batches; 0: the calling thread

  // Batches:
  int batch_size = 64;
  std::uint64_t seed = 0;
  bool flip = true;          // mirror images at random
  bool replacement = false;  // sample each image from the whole set independently

  // Pairs. Both sides are preprocessed alike, with the same crop position and mirroring.
  Pairs pairs = Pairs::none;
  std::filesystem::path partner;  // for folders: the folder or archive of B
  bool from_b = false;            // for side_by_side and folders: B is the input and A the target
  Degradation degradation;        // for made
};

// Called on the thread that opens the data set.
struct DatasetEvents {
  std::function<void(const std::string& line)> warn;
  std::function<void(std::int64_t done, std::int64_t total)>
      progress;  // while decoding; may throw to stop it
};

}  // namespace sumi
