// Settings of the data: where images come from and how they are prepared.
#pragma once

#include <cstdint>
#include <string>

#include "models/options/image_size.h"

namespace sumi {

class OptionTable;

// Every model.
struct DataOptions {
  std::string data;
  std::string cache;  // folder of packed data sets; empty: the user's cache folder
  int channels = 3;
  bool flip = true, sample_with_replacement = false;
  std::int64_t max_items = 0;  // 0: all
  int workers = 2;

  static void add_rows(OptionTable& table);
};

// Models whose images all have one size, squares unless they also have RectangleOptions.
struct SquareOptions {
  ImageSize size;

  static void add_rows(OptionTable& table);
};

// Models with SquareOptions whose images may be wider than high, or higher than wide.
struct RectangleOptions {
  static void add_rows(OptionTable& table);
};

// Models that train on random crops of two folders.
struct CropOptions {
  std::string data_a, data_b;  // empty: data/trainA and data/trainB
  int load_size = 286, crop_size = 256;
  std::string preprocess = "resize_and_crop";

  static void add_rows(OptionTable& table);
};

// Models that train on pairs of images.
struct PairOptions {
  std::string direction = "AtoB", task = "none";
  int factor = 2;
  double noise = 25;
  int bits = 8;

  static void add_rows(OptionTable& table);
};

// Models that hold out images for validation.
struct ValidationOptions {
  int val_every = 0;  // one of so many images is held out; 0: none

  static void add_rows(OptionTable& table);
};

// Models that can train on labeled images.
struct LabelOptions {
  std::string labels = "auto";  // see LabelRule (engine/data/labels.h)
  // Names of the classes: "a,b,c", with ";" between data sets; filled in when a run begins.
  std::string classes;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
