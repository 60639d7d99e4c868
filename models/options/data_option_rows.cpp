#include "models/options/data_options.h"

#include <algorithm>

#include "models/options/option_table.h"

namespace sumi {
namespace {

using O = const TrainOptions&;

constexpr std::int64_t kMostNames = 4096;

std::string labels_problem(O o) {
  const std::string prefix = "prefix:";
  for (const char* word : {"auto", "folder", "prefix", "file"})
    if (o.labels == word) return "";
  if (o.labels.starts_with(prefix) && o.labels.size() > prefix.size()) return "";
  return "unknown; use auto, folder, prefix, prefix:SEPARATOR or file";
}

std::string classes_problem(O o) {
  if (o.classes.empty()) return "";
  const std::string list = ";" + o.classes + ";";
  for (std::size_t at = 1; at < list.size();) {  // one data set after another
    const std::size_t end = list.find(';', at);
    const std::string names = "," + list.substr(at, end - at) + ",";
    if (names.find(",,") != std::string::npos) return "an empty name; remove a comma";
    const auto count = std::count(names.begin(), names.end(), ',') - 1;
    if (count < 2 || count > kMostNames)
      return "names " + std::to_string(count) +
             " class of a data set; give 2 to 4096 names with commas between";
    at = end + 1;
  }
  return "";
}

}  // namespace

void DataOptions::add_rows(OptionTable& t) {
  t.heading("Data");
  t.add("data", &TrainOptions::data)
      .help(
          "folder of images (searched recursively) or .zip of one, idx.gz or .pack file; a translator takes "
          "a folder with trainA and trainB, pix2pix also a folder of images side by side")
      .placeholder("DIR|FILE")
      .alias("--dataroot")
      .path()
      .on_resume()
      .not_with("--data-a and --data-b", [](O o) { return o.data_a.empty() || o.data_b.empty(); });
  t.add("cache", &TrainOptions::cache)
      .help("folder for decoded data sets (default: the user's cache folder)")
      .placeholder("DIR")
      .path()
      .on_resume();
  t.add("channels", &TrainOptions::channels)
      .help("1: grayscale; 3: color; 4: color and transparency, for models that generate from noise")
      .placeholder("1|3|4")
      .alias("--nc")
      .choices({"1", "3", "4"});
  t.add("flip", &TrainOptions::flip).help("mirror images at random");
  t.add("sample-with-replacement", &TrainOptions::sample_with_replacement)
      .help("sample with replacement: an epoch repeats some images and skips others")
      .alias("--replacement");
  t.add("max-items", &TrainOptions::max_items)
      .help("use only the first N images; 0: all")
      .alias("--subset,--max-dataset-size")
      .range(0, kLargestCount);
  t.add("workers", &TrainOptions::workers)
      .help("threads that prepare batches; 0: none; the results do not depend on N")
      .alias("--num-threads,--num-workers,--nThreads,--n-cpu")
      .range(0, 256)
      .on_resume();
}

void SquareOptions::add_rows(OptionTable& t) {
  t.heading("Data");
  t.add("size", &TrainOptions::size)
      .help("height and width of the images")
      .placeholder("PX")
      .alias("--image-size,--imageSize,--img-size")
      .check([](O o) -> std::string {
        return o.size.is_square() ? "" : "this model generates squares; give one number";
      });
}

void RectangleOptions::add_rows(OptionTable& t) {
  Option& size = t.at("size").help("height and width of the images; or width x height, such as 64x48");
  size.placeholder("PX|WxH").checks.clear();  // any shape
}

void CropOptions::add_rows(OptionTable& t) {
  t.heading("Data");
  t.add("data-a", &TrainOptions::data_a)
      .help("images of domain A (photographs); of pairs, the inputs")
      .placeholder("DIR")
      .alias("--photo")
      .path()
      .on_resume();
  t.add("data-b", &TrainOptions::data_b)
      .help("images of domain B (drawings, paintings); of pairs, the targets")
      .placeholder("DIR")
      .alias("--style")
      .path()
      .on_resume();
  t.add("load-size", &TrainOptions::load_size)
      .help("resize images to this size before cropping")
      .placeholder("PX")
      .alias("--loadSize")
      .range(1, 16384)
      .not_with("--preprocess crop or none",
                [](O o) { return o.preprocess != "crop" && o.preprocess != "none"; })
      .check([](O o) -> std::string {
        const bool resizes = o.preprocess == "resize_and_crop" || o.preprocess == "scale_width_and_crop";
        if (!resizes || o.load_size >= o.crop_size) return "";
        return "smaller than --crop-size " + std::to_string(o.crop_size) + "; use at least that";
      });
  t.add("crop-size", &TrainOptions::crop_size)
      .help("side of the random square crop")
      .placeholder("PX")
      .alias("--fineSize")
      .range(1, 4096);
  t.add("preprocess", &TrainOptions::preprocess)
      .help("resize_and_crop, crop, scale_width, scale_width_and_crop or none")
      .placeholder("RULE")
      .choices({"resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none"});
}

void PairOptions::add_rows(OptionTable& t) {
  t.heading("Data");
  t.add("task", &TrainOptions::task)
      .help(
          "make pairs from single images by a degradation to undo: inpaint, restore, superres, denoise or "
          "colorize; none: the data are pairs")
      .choices({"none", "inpaint", "restore", "superres", "denoise", "colorize"});
  t.add("factor", &TrainOptions::factor)
      .help("scale factor of super-resolution")
      .range(2, 16)
      .only_with("--task superres", [](O o) { return o.task == "superres"; });
  t.add("noise", &TrainOptions::noise)
      .help("standard deviation of the noise, in levels of 255")
      .range(0, 255)
      .only_with("--task denoise", [](O o) { return o.task == "denoise"; });
  t.add("direction", &TrainOptions::direction)
      .help("AtoB: A is the input and B the target; BtoA: the reverse")
      .placeholder("AtoB|BtoA")
      .alias("--which-direction")
      .choices({"AtoB", "BtoA"});
  t.add("bits", &TrainOptions::bits)
      .help("bits per channel that are read, and that convert writes to png and tif")
      .placeholder("8|16")
      .choices({"8", "16"});
}

void ValidationOptions::add_rows(OptionTable& t) {
  t.heading("Data");
  t.add("val-every", &TrainOptions::val_every)
      .help("validation split: hold out one of every N images; 0: none")
      .alias("--hold-out")
      .range(0, 1e6)
      .check([](O o) {
        return std::string(o.val_every == 1 ? "would hold out every image; use 2 or more, or 0" : "");
      });
}

void LabelOptions::add_rows(OptionTable& t) {
  t.heading("Data");
  t.add("labels", &TrainOptions::labels)
      .help(
          "class of an image: folder (its subfolder), prefix or prefix:SEPARATOR (its file name up to _ or "
          "the separator), file (an idx file), or auto")
      .placeholder("RULE")
      .on_resume()
      .check(labels_problem);
  t.add("classes", &TrainOptions::classes)
      .help(
          "names of the classes in the order of their indices (default: from the data); ; between data sets")
      .placeholder("A,B,...")
      .check(classes_problem);
}

}  // namespace sumi
