// Text of script files: lines, UTF-8, delimiters. Private to engine/page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/page/lettering.h"

namespace sumi::page {

std::string_view trimmed(std::string_view text);

// Throws Error "[text FILE] line N: WHAT".
[[noreturn]] void fail_at(const std::string& file, int line, const std::string& what);

// The lines of a file without their ends (LF, CR LF or CR) and without a byte order mark. Throws
// the errors of read_script for bytes that are not UTF-8 and for control characters.
std::vector<std::string> script_lines(const std::string& file, const std::string& bytes);

// Removes the delimiters of a text and sets the kind they stand for (script.h). A text without
// delimiters is a caption.
Lettering parse_text(std::string_view text);

// Appends the texts of a cue: its lines without markup, and those that begin with a dash each as a
// text of its own.
void add_cue(ScriptLine cue, const std::vector<std::string>& lines, Script& script);

// Subtitles of the two formats; appends their cues.
void parse_subtitles(const std::string& file, const std::vector<std::string>& lines, bool vtt,
                     Script& script);

}  // namespace sumi::page
