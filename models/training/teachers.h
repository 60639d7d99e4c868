// The stylizer's examples: photographs, and what the teacher of each style makes of them, in one packed file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "models/options/comic_styles.h"

namespace sumi {

// Where the examples come from.
struct TeacherSpec {
  std::filesystem::path photos;
  std::vector<StyleSource> styles;
  std::filesystem::path cache_dir, fallback_dir;  // as DatasetSpec's
  int smallest_side = 128;                        // smaller pictures are left out: no crop fits
  int workers = 2;
};

// Channels of an example: the photograph behind its level curve (3; engine/image/stylize/auto_levels.h), then for each style the flat color (3) and the lines'
// alpha (1). Levels of 8 bits.
int teacher_channels(std::size_t styles);

// Makes the pack in the cache, or finds it there: its name and key follow from the photographs, the teachers' files and
// their times. A teacher's folder holds [ANY/]NAME.flat.png and [ANY/]NAME.line.png for a photograph NAME.* of `photos`,
// both of one size, whatever it is; folders ANY hold further sizes. Only what every style has is packed. A filter
// (engine/image/stylize/style.h) teaches at the folders' sizes, or at short sides of 480 and 320 where there is no folder.
// Errors "[--styles ...] ..." for a folder that is missing or holds no such pairs, "[data ...] ..." for photographs.
std::filesystem::path pack_teachers(const TeacherSpec& spec, const DatasetEvents& events = {});

}  // namespace sumi
