// Text of a comic: captions and balloons of panels, from a text file or from subtitles.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/page/lettering.h"

namespace sumi::page {

// Reads FILE.srt and FILE.vtt as subtitles, any other file as a text file:
//
//   # a comment
//   title: A day at the lake
//   1: A caption.
//   2: "A speech balloon."
//   2 @left: (A thought.)
//   3 @top right: *A burst!*
//   4 @top > 40 70: "The tail points to 40 % of the panel's width and 70 % of its height."
//
// A line is PANEL, an optional @PLACE (left, right, top, bottom and their combinations), an
// optional > with a place or two percentages for the tip of the tail, a colon and the text. Double
// quotes of any kind make it a balloon, parentheses a thought, asterisks a burst; \n breaks a line.
// In subtitles, texts in parentheses or brackets are captions and the others speech; markup is
// removed. Throws Error "[text FILE] line N: ..." for a line that is none of these, text that is
// not UTF-8, control characters, and files over 4 MiB.
Script read_script(const std::filesystem::path& path);

// A text of a clip's own subtitles.
struct TimedText {
  double start = 0, end = 0;  // seconds
  std::string text;           // UTF-8, lines separated by \n
};

// Subtitles of a clip as a script; `clip` is its name in errors, which are those of read_script.
Script script_of_subtitles(const std::vector<TimedText>& texts, const std::string& clip);

// Keeps of each panel's subtitles the `most` that are nearest to its time, by the rule of
// letterings_of_panels(). Returns the number of those left out.
int keep_nearest(Script& script, const std::vector<double>& times, int most);

// The texts of each of `panels` panels. Subtitles go by time: to the panel whose moment they are
// shown at, else panel k shows the clip from times[k] until times[k + 1]. Without times they are
// spread over the panels evenly, in their order. Throws Error "[text FILE] line N: ..." for a panel
// that does not exist.
std::vector<std::vector<Lettering>> letterings_of_panels(const Script& script,
                                                         const std::filesystem::path& path, int panels,
                                                         const std::vector<double>& times);

}  // namespace sumi::page
