// Ctrl-C and SIGTERM while there is work: the first asks to stop after the current step, a second one ends the program at
// once.
#pragma once

namespace sumi::cli {

// SIGINT, SIGTERM and SIGHUP set stop_requested from now on; SIGPIPE is ignored (a run outlives its reader).
// `first` is what the first signal lets happen; a literal: handlers may not allocate.
void catch_signals(const char* first = "finishing this step, then saving");

// The signal that asked to stop, or 0. The exit code is 128 plus it.
int caught_signal();

}  // namespace sumi::cli
