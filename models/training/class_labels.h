// The classes of a labeled run: their names in the options, and labels as tensors.
#pragma once

#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/runtime/staging.h"
#include "engine/tensor.h"
#include "models/options/options.h"

namespace sumi {

// What --labels says; `none` for a model that asks for none. Error "[--labels] ...".
LabelRule label_rule(const TrainOptions& options);

// The names of each set's classes in the order of their numbers, from options.classes: "a,b,c", and ";" between sets. While
// that is empty, as before the data has been looked at, ten of no name, "0" to "9", so that networks can be planned. Error
// "[--classes] ..." for fewer than two, and for more than 4096 of a set.
std::vector<std::vector<std::string>> class_names(const TrainOptions& options);

// Error "[--class] ..." of a model that draws no classes.
[[noreturn]] void fail_no_classes();
// The number of the class that `text` names, of a model that draws by class. Error "[--class] ..." listing the classes.
int class_number(const TrainOptions& options, const std::string& text);

// For a model that wants labels: looks at the data (names alone, nothing is decoded) and writes the classes into `options`. Names that
// are there already must fit it.
void name_classes(TrainOptions& options);

// The batch's labels one-hot [n,1,1,classes], in the run's precision on the device of `staging`.
Tensor one_hot(const std::vector<std::int32_t>& labels, std::size_t classes, const TrainOptions& options,
               Staging& staging);

}  // namespace sumi
