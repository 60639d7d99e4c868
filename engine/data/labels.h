// The class of each image of a set: from folders, file names, or an idx file beside the images.
// Private to the image and data libraries; LabelRule and find_classes() are public.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/dataset_spec.h"

namespace sumi::io {

struct Labels {
  std::vector<std::string> classes;    // names, in the order of their indices
  std::vector<std::int32_t> of_image;  // each in [0, classes)
};

// Labels of images by their names relative to the folder, with '/'. Class indices are those of
// spec.classes or, if that is empty, follow the order of the class names. Throws Error "[data PATH]
// ..." naming the first image without a class, or with one that spec.classes lacks.
Labels labels_of_names(const DatasetSpec& spec, const std::vector<std::string>& names);

// Removes the labels of the `broken` images among `names`: they are not packed.
void leave_out(Labels& labels, const std::vector<std::string>& names, const std::vector<std::string>& broken);

// Labels of an idx file of images, from the labels file beside it (train-images-idx3-ubyte.gz:
// train-labels-idx1-ubyte.gz, gzipped or not). Without spec.classes the class names are the
// numbers, "0" to the largest that occurs. Throws Error "[data PATH] ..." if there is no such file,
// or if the numbers of labels and images differ.
Labels labels_of_idx(const DatasetSpec& spec);

// Throws Error: a packed set has no labels.
[[noreturn]] void refuse_packed_labels(const DatasetSpec& spec);

}  // namespace sumi::io
