// The styles of a stylizer's options: those of its first training, and those that were added later.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "models/options/comic_styles.h"
#include "models/options/options.h"

namespace sumi {

std::vector<StyleSource> added_styles(const TrainOptions& options);
// Of all styles, in the order of the checkpoint; "style" where there are none, to be planned
// without data. Error "[--styles] ..." for a name that is given twice.
std::vector<std::string> style_names(const TrainOptions& options);
// What a run learns: all styles, or the one that was added last.
std::vector<StyleSource> learned_styles(const TrainOptions& options);
std::size_t count_learned(const TrainOptions& options);

// Error "[--add-style] ..." where a style is to be added to nothing.
void check_added_style(const TrainOptions& options);
// The options of a stylizer's checkpoint that --init names, or an animator's. Error "[--init ...]
// ..." for another model's.
TrainOptions stylizer_of_init(const TrainOptions& options);

// Takes the styles and sizes of the checkpoint that a style is added to, and freezes what is not
// the new style's. Does nothing without --add-style, and nothing more on its own result. Errors for
// a checkpoint of another model, and for styles that are not the checkpoint's.
void settle_added_style(TrainOptions& options);

}  // namespace sumi
