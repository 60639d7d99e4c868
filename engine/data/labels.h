// Which class each picture of a set has: from the folders, the names of the files, or an idx file beside the pictures.
// Private to the image and data libraries; LabelRule and find_classes() are part of dataset.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/dataset.h"

namespace sumi::io {

struct Labels {
  std::vector<std::string> classes;      // names, in the order of their numbers
  std::vector<std::int32_t> of_picture;  // each in [0, classes)
};

// Of pictures by their names relative to the folder, with '/'. Class numbers are those of spec.classes, or follow the order
// of the classes' names when that is empty. Errors "[data PATH] ..." name the first picture that has no class, or one
// that spec.classes lacks.
Labels labels_of_names(const DatasetSpec& spec, const std::vector<std::string>& names);

// Takes the `broken` ones of the pictures `names`, as many as there are labels, out: they are not packed.
void leave_out(Labels& labels, const std::vector<std::string>& names, const std::vector<std::string>& broken);

// Of an idx file of pictures, from the labels file beside it (train-images-idx3-ubyte.gz: train-labels-idx1-ubyte.gz, packed or
// not). Without spec.classes they are named by their numbers, "0" to the largest that occurs. Errors "[data PATH] ..." when there is
// none, or it holds another number of labels than there are pictures.
Labels labels_of_idx(const DatasetSpec& spec);

// A packed set does not say what its pictures are.
[[noreturn]] void refuse_packed_labels(const DatasetSpec& spec);

}  // namespace sumi::io
