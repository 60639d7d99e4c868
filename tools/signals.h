// Ctrl-C and SIGTERM while training: the first asks the trainer to stop, a second one ends the program at
// once.
#pragma once

namespace sumi::cli {

// SIGINT, SIGTERM and SIGHUP set stop_requested from now on; SIGPIPE is ignored (a run outlives its reader).
void catch_signals();

// The signal that asked to stop, or 0. The exit code is 128 plus it.
int caught_signal();

}  // namespace sumi::cli
