// Texts of panels: captions and balloons.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/page/box.h"

namespace sumi::page {

enum class LetteringKind : std::uint8_t { caption, speech, thought, burst };

// Where a text should be; `anywhere` leaves the choice to the placement.
enum class Place : std::uint8_t {
  anywhere,
  left,
  right,
  top,
  bottom,
  top_left,
  top_right,
  bottom_left,
  bottom_right
};

struct Lettering {
  LetteringKind kind = LetteringKind::caption;
  Place place = Place::anywhere;
  // The speaker, which the tail points to, in fractions of the panel; none: the nearest face.
  std::optional<Point> speaker;
  std::string text;  // UTF-8, lines separated by \n; not empty
};

// One text of one panel, or of a moment of a clip.
struct ScriptLine {
  int line = 0;               // of the file, from 1
  int panel = 0;              // from 1; 0: given by the time
  double start = 0, end = 0;  // seconds
  Lettering lettering;
};

struct Script {
  std::string title;              // "": none
  std::vector<ScriptLine> lines;  // in the order of the file
  bool timed = false;             // subtitles: lines have times and no panels
};

}  // namespace sumi::page
