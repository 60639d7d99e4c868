// The stylizer's training examples: photographs and the teacher outputs for each style, in one
// packed file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "models/options/comic_styles.h"

namespace sumi {

// Sources of the examples.
struct TeacherSpec {
  std::filesystem::path photos;
  std::vector<StyleSource> styles;
  std::filesystem::path cache_dir, fallback_dir;  // as DatasetSpec's
  int smallest_side = 128;                        // smaller images are left out because no crop fits
  int workers = 2;
  std::filesystem::path drawings = {};  // whose strokes are the last channel; empty: no such channel
  int hands = 0;  // above 0: of each style, which is a filter, so many hands' lines instead of its planes
};

// Channels of an example: the photograph after its level curve (3;
// engine/image/stylize/auto_levels.h), then for each style the flat color (3) and the lines' alpha
// (1), then with `drawings` the alpha of strokes from drawings (1; models/training/stroke_plane.h).
// 8 bits each.
int teacher_channels(std::size_t styles, bool drawings = false);
// With hands: the photograph, then for each style the alpha of each hand's lines (1 each).
int hand_channels(std::size_t styles, int hands);

// Creates the pack in the cache, or finds it there: its name and key depend on the photographs, the
// teachers' files and their modification times. A teacher's folder holds [ANY/]NAME.flat.png and
// [ANY/]NAME.line.png for a photograph NAME.* of `photos`, both of the same size; folders ANY hold
// further sizes. Only examples that every style has are packed. A filter
// (engine/image/stylize/style.h) runs at the folders' sizes, or at short sides of 480 and 320 if
// there is no folder. Throws Error "[--styles ...] ..." for a folder that is missing or has no such
// pairs, "[data ...] ..." for photographs.
std::filesystem::path pack_teachers(const TeacherSpec& spec, const DatasetEvents& events = {});

}  // namespace sumi
