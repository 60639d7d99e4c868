// Ctrl-C and SIGTERM while there is work: the first asks to stop after the current step, a second one ends the program at
// once. And the signals by which the system tells of files.
#pragma once

#include <string>

namespace sumi::cli {

// From the start of the program: a file that may not grow (ulimit -f) is an error of the write instead of the end, and one
// that shrinks while it is mapped, or whose disk fails, ends the program with a line that names it and exit code 1.
void report_file_signals();

// SIGINT, SIGTERM and SIGHUP set stop_requested from now on; SIGPIPE is ignored (a run outlives its reader).
// The first one is answered at once, by the handler, with `words`: what it lets happen. The second ends the program.
void catch_signals(const std::string& words);

// Other words from now on, of at most 127 bytes. By one thread; cheap where they do not change.
void set_stop_words(const std::string& words);

// The signal that asked to stop, or 0. The exit code is 128 plus it.
int caught_signal();

}  // namespace sumi::cli
