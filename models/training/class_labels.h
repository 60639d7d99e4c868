// The classes of a labeled run: their names in the options, and labels as tensors.
#pragma once

#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/runtime/staging.h"
#include "engine/tensor.h"
#include "models/options/options.h"

namespace sumi {

// The class names of each data set in numerical order, from options.classes: "a,b,c", with ";"
// between sets. If that is empty, because the data has not been read yet, returns ten placeholders
// "0" to "9", so that networks can be planned. Throws Error "[--classes] ..." for fewer than two
// and for more than 4096 classes in a set.
std::vector<std::vector<std::string>> class_names(const TrainOptions& options);

// A classifier's accuracy if it guessed: the mean of one over the number of classes over the sets.
double chance_accuracy(const TrainOptions& options);

// Throws Error "[--class] ..." for a model without class-conditional generation.
[[noreturn]] void fail_no_classes();
// The number of the class named `text`, for a class-conditional model. Throws Error "[--class] ..."
// listing the classes.
int class_number(const TrainOptions& options, const std::string& text);

// For a model that learns from labels: lists the data set (without decoding images) and stores the
// class names in `options`. Names that are already there must match the data.
void name_classes(TrainOptions& options);

// The batch's labels one-hot [n,1,1,classes], in the run's precision on the device of `staging`.
Tensor one_hot(const std::vector<std::int32_t>& labels, std::size_t classes, const TrainOptions& options,
               Staging& staging);

}  // namespace sumi
