// Ctrl-C and SIGTERM while there is work: the first asks to stop after the current step, a second one ends the program at
// once. And the signals by which the system tells of files.
#pragma once

namespace sumi::cli {

// From the start of the program: a file that may not grow (ulimit -f) is an error of the write instead of the end, and one
// that shrinks while it is mapped, or whose disk fails, ends the program with a line that names it and exit code 1.
void report_file_signals();

// SIGINT, SIGTERM and SIGHUP set stop_requested from now on; SIGPIPE is ignored (a run outlives its reader).
// `first` is what the first signal lets happen; a literal: handlers may not allocate.
void catch_signals(const char* first = "finishing this step, then saving");

// The signal that asked to stop, or 0. The exit code is 128 plus it.
int caught_signal();

}  // namespace sumi::cli
