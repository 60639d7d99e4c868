// Ctrl-C and SIGTERM during work: the first asks to stop after the current step, the second ends
// the program at once. Also signals that report file errors.
#pragma once

#include <string>

namespace sumi::cli {

// To be called at the start of the program. A file that exceeds its limit (ulimit -f) becomes a
// write error; a mapped file that shrinks, or whose disk fails, ends the program with a line naming
// it and exit code 1.
void report_file_signals();

// From now on SIGINT, SIGTERM and SIGHUP set stop_requested; SIGPIPE is ignored (a run outlives its
// reader). The handler answers the first signal at once with `words`, which say what will happen.
// The second ends the program.
void catch_signals(const std::string& words);

// Replaces the words, at most 127 bytes. Called by one thread; cheap if they do not change.
void set_stop_words(const std::string& words);

// The signal that asked to stop, or 0. The exit code is 128 plus its number.
int caught_signal();

}  // namespace sumi::cli
